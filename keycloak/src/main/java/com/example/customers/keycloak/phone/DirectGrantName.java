package com.example.customers.keycloak.phone;

import org.keycloak.authentication.AuthenticationFlowContext;
import org.keycloak.authentication.authenticators.directgrant.ValidateUsername;
import org.keycloak.models.UserModel;

/**
 * The step {@code customer-direct-grant-name}: Keycloak's own, to which a proven telephone number
 * is a name as well. Nothing that it answers says the name.
 */
public final class DirectGrantName extends ValidateUsername {

  /** What a flow calls it. */
  public static final String ID = "customer-direct-grant-name";

  @Override
  protected String retrieveUsername(AuthenticationFlowContext context) {
    String typed = super.retrieveUsername(context);
    return PhoneName.userOf(context.getSession(), context.getRealm(), typed)
        .map(UserModel::getUsername)
        .orElse(typed);
  }

  @Override
  public String getId() {
    return ID;
  }

  @Override
  public String getDisplayType() {
    return "Customer name of a direct grant";
  }
}
