package com.example.customers.keycloak.proof;

import java.util.List;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.Authenticator;
import org.keycloak.credential.CredentialModel;
import org.keycloak.models.DefaultActionTokenKey;
import org.keycloak.models.FederatedIdentityModel;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.UserModel.RequiredAction;
import org.keycloak.services.managers.AuthenticationManager;

/**
 * At the link of a mail for a new password: whatever somebody set up on an account whose address
 * nobody ever proved goes before the owner of the mailbox comes in (decision 9). The link is the
 * proof. An account that was proven once keeps all that it has.
 */
final class StartClean implements Authenticator {

  @Override
  public void authenticate(AuthenticationFlowContext context) {
    UserModel user = context.getUser();
    String mailedTo =
        context.getAuthenticationSession().getAuthNote(DefaultActionTokenKey.ACTION_TOKEN_USER_ID);
    if (user != null && user.getId().equals(mailedTo) && !EverProven.isSo(user)) {
      clean(context.getSession(), context.getRealm(), user);
      user.setEmailVerified(true);
      user.removeRequiredAction(RequiredAction.VERIFY_EMAIL);
    }
    context.success();
  }

  private static void clean(KeycloakSession session, RealmModel realm, UserModel user) {
    session.sessions().getUserSessionsStream(realm, user).toList().stream()
        .forEach(one -> AuthenticationManager.backchannelLogout(session, one, true));
    user.credentialManager()
        .getStoredCredentialsStream()
        .map(CredentialModel::getId)
        .toList()
        .forEach(user.credentialManager()::removeStoredCredentialById);
    List<String> links =
        session
            .users()
            .getFederatedIdentitiesStream(realm, user)
            .map(FederatedIdentityModel::getIdentityProvider)
            .toList();
    links.forEach(link -> session.users().removeFederatedIdentity(realm, user, link));
    if (!links.isEmpty()) {
      // They came with the link.
      user.setFirstName(null);
      user.setLastName(null);
    }
  }

  @Override
  public void action(AuthenticationFlowContext context) {}

  @Override
  public boolean requiresUser() {
    return false;
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
