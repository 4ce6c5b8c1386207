package com.example.customers.keycloak.sms;

import com.example.customers.keycloak.device.TrustedDevice;
import com.example.customers.keycloak.sms.TextMessageDoor.Answer;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.AuthenticationFlowError;
import org.keycloak.authentication.authenticators.directgrant.AbstractDirectGrantAuthenticator;
import org.keycloak.authentication.authenticators.util.AuthenticatorUtils;
import org.keycloak.credential.CredentialModel;
import org.keycloak.events.Errors;
import org.keycloak.models.AuthenticationExecutionModel.Requirement;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserCredentialModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.credential.OTPCredentialModel;
import org.keycloak.models.credential.PasswordCredentialModel;
import org.keycloak.provider.ProviderConfigProperty;

/**
 * The step {@code customer-direct-grant-factor}, after the password of a direct grant. Without
 * {@code otp} the answer is 400 {@code {"error":"mfa_required","mfa_methods":["totp","sms"]}}; with
 * {@code otp_method=sms} a code is sent besides, and {@code mfa_sms} says whether. Then the same
 * call with {@code otp}, and {@code otp_method} where both are set up. Whoever has a factor that
 * cannot be used here is refused, never let in without it.
 */
public final class DirectGrantFactor extends AbstractDirectGrantAuthenticator {

  /** What a flow calls it. */
  public static final String ID = "customer-direct-grant-factor";

  static final String TOTP = "totp";
  static final String SMS = "sms";

  /** What is no second factor. */
  private static final Set<String> FIRST =
      Set.of(
          PasswordCredentialModel.TYPE,
          PasswordCredentialModel.PASSWORD_HISTORY,
          TrustedDevice.TYPE);

  private static final Requirement[] REQUIREMENTS = {Requirement.REQUIRED, Requirement.DISABLED};

  private static final Map<String, String> WORDS =
      Map.of(
          TextMessageDoor.LIMITED,
          "limited",
          TextMessageDoor.UNAVAILABLE,
          "unavailable",
          SmsCodes.TOO_SOON,
          "too_soon");

  private SmsDesk desk;

  @Override
  public void init(org.keycloak.Config.Scope config) {
    desk = SmsDesk.configured();
  }

  @Override
  public void authenticate(AuthenticationFlowContext context) {
    UserModel user = context.getUser();
    boolean hasFactor =
        user.credentialManager()
            .getStoredCredentialsStream()
            .map(CredentialModel::getType)
            .anyMatch(type -> !FIRST.contains(type));
    if (!hasFactor) {
      context.success();
      return;
    }
    MultivaluedMap<String, String> given = context.getHttpRequest().getDecodedFormParameters();
    String code = given.getFirst("otp");
    String method = methodOf(user, given.getFirst("otp_method"));
    if (code == null || code.isEmpty()) {
      askFor(context, given.getFirst("otp_method"));
    } else if (AuthenticatorUtils.getDisabledByBruteForceEventError(context, user) == null
        && isRight(context, method, code)) {
      context.success(method.equals(SMS) ? SmsCredential.TYPE : OTPCredentialModel.TYPE);
    } else {
      context.getEvent().user(user).error(Errors.INVALID_USER_CREDENTIALS);
      context.failure(
          AuthenticationFlowError.INVALID_CREDENTIALS,
          errorResponse(400, "invalid_grant", "Invalid user credentials"));
    }
  }

  private static String methodOf(UserModel user, String named) {
    if (named != null) {
      return named;
    }
    return user.credentialManager().isConfiguredFor(OTPCredentialModel.TYPE) ? TOTP : SMS;
  }

  private boolean isRight(AuthenticationFlowContext context, String method, String code) {
    UserModel user = context.getUser();
    if (method.equals(SMS)) {
      return SmsDesk.numberOf(user).isPresent()
          && desk.codes(context.getSession(), user, CodePurpose.SIGN_IN).judge(code).isPresent();
    }
    return method.equals(TOTP)
        && user
            .credentialManager()
            .getStoredCredentialsByTypeStream(OTPCredentialModel.TYPE)
            .map(CredentialModel::getId)
            .toList()
            .stream()
            .map(id -> new UserCredentialModel(id, OTPCredentialModel.TYPE, code))
            .anyMatch(user.credentialManager()::isValid);
  }

  /** A challenge, no failure: a factor that was not asked for yet must not lock anybody out. */
  private void askFor(AuthenticationFlowContext context, String method) {
    UserModel user = context.getUser();
    List<String> methods = new ArrayList<>();
    if (user.credentialManager().isConfiguredFor(OTPCredentialModel.TYPE)) {
      methods.add(TOTP);
    }
    if (SmsDesk.numberOf(user).isPresent()) {
      methods.add(SMS);
    }
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("error", "mfa_required");
    body.put("error_description", "A second factor is required");
    body.put("mfa_methods", methods);
    if (SMS.equals(method) && methods.contains(SMS)) {
      Answer answer =
          desk.send(
              context.getSession(),
              user,
              CodePurpose.SIGN_IN,
              SmsDesk.numberOf(user).orElseThrow());
      body.put(
          "mfa_sms", answer.isSent() ? "sent" : WORDS.getOrDefault(answer.trouble(), "refused"));
    }
    context.forceChallenge(
        Response.status(400).type(MediaType.APPLICATION_JSON_TYPE).entity(body).build());
  }

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
  public String getId() {
    return ID;
  }

  @Override
  public String getDisplayType() {
    return "Customer second factor of a direct grant";
  }

  @Override
  public String getReferenceCategory() {
    return null;
  }

  @Override
  public boolean isConfigurable() {
    return false;
  }

  @Override
  public Requirement[] getRequirementChoices() {
    return REQUIREMENTS.clone();
  }

  @Override
  public boolean isUserSetupAllowed() {
    return false;
  }

  @Override
  public String getHelpText() {
    return "Asks whoever has one for her second factor; never lets her in without it.";
  }

  @Override
  public List<ProviderConfigProperty> getConfigProperties() {
    return List.of();
  }
}
