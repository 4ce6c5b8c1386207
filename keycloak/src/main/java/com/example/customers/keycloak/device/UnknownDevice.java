package com.example.customers.keycloak.device;

import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.authenticators.conditional.ConditionalAuthenticator;
import org.keycloak.common.util.Time;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.sessions.AuthenticationSessionModel;

/** True unless her browser is trusted, and trust is enough for what is asked. */
final class UnknownDevice implements ConditionalAuthenticator {

  /** The note of a sign-in whose browser was known. */
  static final String KNOWN = "customer-known-device";

  @Override
  public boolean matchCondition(AuthenticationFlowContext context) {
    AuthenticationSessionModel signIn = context.getAuthenticationSession();
    signIn.removeAuthNote(KNOWN);
    if (context.getUser() == null) {
      return true;
    }
    TrustedDevices devices = new TrustedDevices(context.getUser(), Time.currentTimeMillis());
    devices.dropOver();
    boolean isKnown =
        TrustRules.allow(context)
            && devices.heldBy(DeviceCookie.read(context.getSession())).isPresent();
    if (isKnown) {
      signIn.setAuthNote(KNOWN, "true");
    }
    return !isKnown;
  }

  @Override
  public void action(AuthenticationFlowContext context) {}

  @Override
  public boolean requiresUser() {
    return true;
  }

  @Override
  public void setRequiredActions(KeycloakSession session, RealmModel realm, UserModel user) {}

  @Override
  public void close() {}
}
