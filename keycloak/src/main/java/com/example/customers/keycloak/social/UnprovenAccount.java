package com.example.customers.keycloak.social;

import com.example.customers.keycloak.service.SignedPost;
import jakarta.ws.rs.core.Response;
import java.util.Map;
import java.util.function.Function;
import org.jboss.logging.Logger;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.AuthenticationFlowError;
import org.keycloak.authentication.authenticators.broker.AbstractIdpAuthenticator;
import org.keycloak.authentication.authenticators.broker.util.SerializedBrokeredIdentityContext;
import org.keycloak.broker.provider.BrokeredIdentityContext;
import org.keycloak.events.Errors;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.util.JsonSerialization;

/**
 * Whoever comes from a provider with an address that an account holds without proof starts clean:
 * the customer service drops that account with all that was set up there. It alone knows whether
 * somebody proved it once; then it stays, and the next steps ask her to sign in to it.
 */
final class UnprovenAccount extends AbstractIdpAuthenticator {

  private static final Logger LOG = Logger.getLogger(UnprovenAccount.class);

  private static final String UNAVAILABLE = "customerSocialUnavailable";
  private static final int OWNED = 409;

  private final Function<String, SignedPost.Reply> post;

  /**
   * @param post sends JSON to the service
   */
  UnprovenAccount(Function<String, SignedPost.Reply> post) {
    this.post = post;
  }

  @Override
  protected void authenticateImpl(
      AuthenticationFlowContext context,
      SerializedBrokeredIdentityContext serialized,
      BrokeredIdentityContext arrived) {
    UserModel holder = holder(context, arrived.getEmail());
    if (holder == null || holder.isEmailVerified()) {
      context.success();
      return;
    }
    SignedPost.Reply reply = post.apply(json(holder.getId()));
    if (reply.taken() || reply.status() == OWNED) {
      context.success();
      return;
    }
    LOG.warnf("a social sign-in did not reach the customer service (%s)", reply.trouble());
    sendFailureChallenge(
        context,
        Response.Status.SERVICE_UNAVAILABLE,
        Errors.GENERIC_AUTHENTICATION_ERROR,
        UNAVAILABLE,
        AuthenticationFlowError.INTERNAL_ERROR);
  }

  private static UserModel holder(AuthenticationFlowContext context, String email) {
    return email == null
        ? null
        : context.getSession().users().getUserByEmail(context.getRealm(), email);
  }

  private static String json(String subject) {
    return JsonSerialization.valueAsString(Map.of("subject", subject));
  }

  @Override
  protected void actionImpl(
      AuthenticationFlowContext context,
      SerializedBrokeredIdentityContext serialized,
      BrokeredIdentityContext arrived) {}

  @Override
  public boolean requiresUser() {
    return false;
  }

  @Override
  public boolean configuredFor(KeycloakSession session, RealmModel realm, UserModel user) {
    return true;
  }
}
