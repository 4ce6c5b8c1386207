package com.example.customers.keycloak.level;

import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.AuthenticatorUtil;
import org.keycloak.authentication.authenticators.util.AcrStore;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.credential.WebAuthnCredentialModel;
import org.keycloak.sessions.AuthenticationSessionModel;

/**
 * Says how strongly somebody has just proved who she is, after every other step: 2 with a passkey
 * alone, since the realm asks its authenticator to verify the person; otherwise what the condition
 * on the second step has noted, and 1 where she has no second factor. Keycloak allows one condition
 * a level in a flow, so the passkey's level cannot be a second one.
 */
final class AssuranceLevel implements Authenticator {

  private static final int PLAIN = 1;
  private static final int STRONG = 2;

  @Override
  public void authenticate(AuthenticationFlowContext context) {
    AuthenticationSessionModel signIn = context.getAuthenticationSession();
    AcrStore levels = new AcrStore(context.getSession(), signIn);
    if (AuthenticatorUtil.getAuthnCredentials(signIn)
        .contains(WebAuthnCredentialModel.TYPE_PASSWORDLESS)) {
      levels.setLevelAuthenticated(STRONG);
    } else if (levels.getLevelOfAuthenticationFromCurrentAuthentication() < PLAIN) {
      // For this request alone: a level 1 that lasted would let a step-up do without the password.
      levels.setLevelAuthenticatedToCurrentRequest(PLAIN);
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
