package com.example.customers.keycloak.level;

import java.util.List;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.AuthenticatorUtil;
import org.keycloak.authentication.authenticators.util.AcrStore;
import org.keycloak.common.util.Time;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.credential.PasswordCredentialModel;
import org.keycloak.models.credential.WebAuthnCredentialModel;
import org.keycloak.sessions.AuthenticationSessionModel;

/**
 * Notes what was proven, after every other step. A password's time is kept beside the session,
 * since {@code auth_time} is that of any proof, a social sign-in's too. Level 2 is noted after a
 * passkey alone, since the realm asks its authenticator to verify the person. The other levels are
 * noted by conditions of the flow; Keycloak allows one condition a level in a flow, and that of
 * level 2 belongs to the second factor.
 */
final class AssuranceLevel implements Authenticator {

  /** What the mapper of the claim {@code password_time} reads. */
  private static final String PASSWORD_TIME = "customer.password_time";

  private static final int STRONG = 2;

  @Override
  public void authenticate(AuthenticationFlowContext context) {
    AuthenticationSessionModel signIn = context.getAuthenticationSession();
    List<String> used = AuthenticatorUtil.getAuthnCredentials(signIn);
    if (used.contains(PasswordCredentialModel.TYPE)) {
      signIn.setUserSessionNote(PASSWORD_TIME, String.valueOf(Time.currentTime()));
    }
    if (used.contains(WebAuthnCredentialModel.TYPE_PASSWORDLESS)) {
      new AcrStore(context.getSession(), signIn).setLevelAuthenticated(STRONG);
    }
    context.success();
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
