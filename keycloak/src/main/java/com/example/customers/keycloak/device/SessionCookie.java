package com.example.customers.keycloak.device;

import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.authenticators.browser.CookieAuthenticator;
import org.keycloak.authentication.authenticators.util.AcrStore;
import org.keycloak.models.Constants;
import org.keycloak.services.managers.AuthenticationManager;
import org.keycloak.services.managers.AuthenticationManager.AuthResult;
import org.keycloak.sessions.AuthenticationSessionModel;

/**
 * Keycloak's own step for whoever is signed in, except that a session which was begun on trust
 * opens the shop alone: Keycloak's consoles, and whatever changes the account, ask for the factor.
 */
final class SessionCookie extends CookieAuthenticator {

  @Override
  public void authenticate(AuthenticationFlowContext context) {
    AuthenticationSessionModel signIn = context.getAuthenticationSession();
    if (!TrustRules.isOrdinary(signIn) && isOnTrust(context) && asksLess(context)) {
      signIn.setClientNote(
          Constants.REQUESTED_LEVEL_OF_AUTHENTICATION, String.valueOf(TrustRules.STRONG));
    }
    super.authenticate(context);
  }

  private static boolean isOnTrust(AuthenticationFlowContext context) {
    AuthResult found =
        AuthenticationManager.authenticateIdentityCookie(
            context.getSession(), context.getRealm(), true);
    return found != null && Boolean.parseBoolean(found.getSession().getNote(TrustRules.ON_TRUST));
  }

  private static boolean asksLess(AuthenticationFlowContext context) {
    AcrStore levels = new AcrStore(context.getSession(), context.getAuthenticationSession());
    return levels.getRequestedLevelOfAuthentication(context.getTopLevelFlow()) < TrustRules.STRONG;
  }
}
