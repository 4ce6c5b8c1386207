package com.example.customers.keycloak.device;

import com.example.customers.keycloak.sms.SmsCredential;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.AuthenticatorUtil;
import org.keycloak.common.util.Time;
import org.keycloak.device.DeviceRepresentationProvider;
import org.keycloak.events.Details;
import org.keycloak.events.EventType;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.credential.OTPCredentialModel;
import org.keycloak.representations.account.DeviceRepresentation;
import org.keycloak.sessions.AuthenticationSessionModel;

/**
 * After everything was proven: trusts the browser if the form with the code said so, and notes
 * whether the sign-in rests on trust. A recovery code is for whoever has lost something; its
 * browser is not trusted.
 */
final class TrustDevice implements Authenticator {

  /** The box of the forms that ask for a code. */
  static final String WISH = "trustDevice";

  private static final Set<String> ENOUGH = Set.of(OTPCredentialModel.TYPE, SmsCredential.TYPE);

  @Override
  public void authenticate(AuthenticationFlowContext context) {
    AuthenticationSessionModel signIn = context.getAuthenticationSession();
    boolean onTrust = signIn.getAuthNote(UnknownDevice.KNOWN) != null;
    signIn.setUserSessionNote(TrustRules.ON_TRUST, String.valueOf(onTrust));
    if (isWished(context)) {
      trust(context);
    }
    context.success();
  }

  private static boolean isWished(AuthenticationFlowContext context) {
    AuthenticationSessionModel signIn = context.getAuthenticationSession();
    return TrustRules.takesTrust(signIn.getClient())
        && "POST".equals(context.getHttpRequest().getHttpMethod())
        && context.getHttpRequest().getDecodedFormParameters().containsKey(WISH)
        && AuthenticatorUtil.getAuthnCredentials(signIn).stream().anyMatch(ENOUGH::contains);
  }

  private static void trust(AuthenticationFlowContext context) {
    KeycloakSession session = context.getSession();
    UserModel user = context.getUser();
    String secret =
        new TrustedDevices(user, Time.currentTimeMillis())
            .trust(words(session), DeviceCookie.read(session));
    DeviceCookie.write(session, secret);
    context
        .getEvent()
        .clone()
        .event(EventType.UPDATE_CREDENTIAL)
        .user(user)
        .detail(Details.CREDENTIAL_TYPE, TrustedDevice.TYPE)
        .success();
  }

  /** Browser and system in words, without their versions. */
  private static String words(KeycloakSession session) {
    DeviceRepresentation seen =
        session.getProvider(DeviceRepresentationProvider.class).deviceRepresentation();
    return seen == null ? words(null, null) : words(seen.getBrowser(), seen.getOs());
  }

  static String words(String browser, String system) {
    String known =
        Stream.of(browser, system)
            .filter(word -> word != null && !word.startsWith("Other"))
            .map(word -> word.replaceAll("/.*", ""))
            .collect(Collectors.joining(", "));
    return known.isEmpty() ? "Browser" : known;
  }

  @Override
  public void action(AuthenticationFlowContext context) {}

  @Override
  public boolean requiresUser() {
    return true;
  }

  @Override
  public boolean configuredFor(KeycloakSession session, RealmModel realm, UserModel user) {
    return true;
  }

  @Override
  public void setRequiredActions(KeycloakSession session, RealmModel realm, UserModel user) {}

  @Override
  public void close() {}
}
