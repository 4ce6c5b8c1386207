package com.example.customers.keycloak.phone;

import jakarta.ws.rs.core.MultivaluedMap;
import java.util.Optional;
import java.util.Set;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.FlowStatus;
import org.keycloak.authentication.authenticators.browser.UsernamePasswordForm;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.UserModel;
import org.keycloak.models.credential.PasswordCredentialModel;
import org.keycloak.services.managers.AuthenticationManager;
import org.keycloak.services.managers.BruteForceProtector;

/**
 * Keycloak's form for name and password, to which a proven telephone number is a name as well. A
 * number that is nobody's goes Keycloak's own way of an unknown name: the same words, and the same
 * time, since it hashes for nothing.
 */
final class CustomerPasswordForm extends UsernamePasswordForm {

  CustomerPasswordForm(KeycloakSession session) {
    super(session);
  }

  @Override
  protected boolean validateForm(
      AuthenticationFlowContext context, MultivaluedMap<String, String> form) {
    if (isUserAlreadySetBeforeUsernamePasswordAuth(context)) {
      return super.validateForm(context, form);
    }
    String typed = form.getFirst(AuthenticationManager.FORM_USERNAME);
    Optional<UserModel> user = PhoneName.userOf(context.getSession(), context.getRealm(), typed);
    return user.isPresent()
        ? validateByPhone(context, user.get(), form, typed.trim())
        : super.validateForm(context, form);
  }

  /** The page that comes again shows what was typed, never the address it stands for. */
  private boolean validateByPhone(
      AuthenticationFlowContext context,
      UserModel user,
      MultivaluedMap<String, String> form,
      String typed) {
    context.clearUser();
    context.getAuthenticationSession().setAuthNote(ATTEMPTED_USERNAME, typed);
    if (!validatePassword(context, user, form, true)) {
      countFailure(context, user);
      return false;
    }
    if (!enabledUser(context, user)) {
      return false;
    }
    // From here on she is who she says, and Keycloak counts her failures and names her sessions by
    // it.
    context.getAuthenticationSession().setAuthNote(ATTEMPTED_USERNAME, user.getUsername());
    context.setUser(user);
    return true;
  }

  /** Keycloak looks for whom to count by the name that was typed, which it does not know. */
  private static void countFailure(AuthenticationFlowContext context, UserModel user) {
    boolean counts =
        context.getRealm().isBruteForceProtected()
            && context.getStatus() == FlowStatus.FAILURE_CHALLENGE;
    if (counts) {
      context
          .getSession()
          .getProvider(BruteForceProtector.class)
          .failedLogin(
              context.getRealm(),
              user,
              context.getConnection(),
              context.getSession().getContext().getUri(),
              Set.of(PasswordCredentialModel.TYPE));
    }
  }
}
