package com.example.customers.keycloak.device;

import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.authenticators.util.AcrStore;
import org.keycloak.models.ClientModel;
import org.keycloak.models.Constants;
import org.keycloak.services.managers.AuthenticationManager;
import org.keycloak.sessions.AuthenticationSessionModel;

/** For what a trusted device is enough: to sign in at the shop, and for nothing else. */
final class TrustRules {

  /** The user session's note that it was begun on trust. */
  static final String ON_TRUST = "customer.on_trust";

  /** The level of a second factor, as the flow's conditions know it. */
  static final int STRONG = 2;

  private static final String CLIENT = "customer.trusted-devices";

  private TrustRules() {}

  /**
   * Whether it is an ordinary sign-in. No device is trusted where more than that is asked for: by
   * level, by a fresh proof, or to change something of the account.
   */
  static boolean allow(AuthenticationFlowContext context) {
    AuthenticationSessionModel signIn = context.getAuthenticationSession();
    AcrStore levels = new AcrStore(context.getSession(), signIn);
    String flow = context.getTopLevelFlow().getId();
    return isOrdinary(signIn)
        && levels.getRequestedLevelOfAuthentication(context.getTopLevelFlow()) < STRONG
        // Proven before in this session: a new time on that proof would make it look fresh.
        && levels.getHighestAuthenticatedLevelFromPreviousAuthentication(flow) < STRONG
        && !Boolean.parseBoolean(signIn.getAuthNote(AuthenticationManager.FORCED_REAUTHENTICATION))
        && !Standing.isInDoubt(context.getUser());
  }

  /** At a client that takes it, and without something to do with the account. */
  static boolean isOrdinary(AuthenticationSessionModel signIn) {
    return takesTrust(signIn.getClient()) && signIn.getClientNote(Constants.KC_ACTION) == null;
  }

  /**
   * Whether a client says of itself that customers may sign in on trust; Keycloak's consoles do
   * not.
   */
  static boolean takesTrust(ClientModel client) {
    return Boolean.parseBoolean(client.getAttribute(CLIENT));
  }
}
