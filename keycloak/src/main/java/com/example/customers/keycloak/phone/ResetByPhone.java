package com.example.customers.keycloak.phone;

import java.util.Optional;
import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.authenticators.browser.AbstractUsernameFormAuthenticator;
import org.keycloak.authentication.authenticators.resetcred.ResetCredentialChooseUser;
import org.keycloak.models.UserModel;

/**
 * The step {@code customer-reset-name}: Keycloak's own, to which a proven telephone number is a
 * name as well. The mail goes to the address of the account; the page never says which.
 */
public final class ResetByPhone extends ResetCredentialChooseUser {

  /** What a flow calls it. */
  public static final String ID = "customer-reset-name";

  @Override
  public void action(AuthenticationFlowContext context) {
    String typed = context.getHttpRequest().getDecodedFormParameters().getFirst("username");
    Optional<UserModel> user =
        PhoneName.userOf(context.getSession(), context.getRealm(), typed)
            .filter(UserModel::isEnabled);
    if (user.isEmpty()) {
      super.action(context);
      return;
    }
    var visit = context.getAuthenticationSession();
    visit.setAuthNote(AbstractUsernameFormAuthenticator.ATTEMPTED_USERNAME, typed.trim());
    visit.setAuthNote(RESET_CREDENTIAL_USER_CHOSEN, "true");
    context.setUser(user.get());
    context.success();
  }

  @Override
  public String getId() {
    return ID;
  }

  @Override
  public String getDisplayType() {
    return "Customer whose password is forgotten";
  }
}
