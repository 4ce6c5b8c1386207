package com.example.customers.keycloak.phone;

import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.authenticators.browser.UsernamePasswordFormFactory;
import org.keycloak.models.KeycloakSession;

/** The step {@code customer-password-form}: Keycloak's own, with telephone numbers as names. */
public final class CustomerPasswordFormFactory extends UsernamePasswordFormFactory {

  /** What a flow calls it. */
  public static final String ID = "customer-password-form";

  @Override
  public Authenticator create(KeycloakSession session) {
    return new CustomerPasswordForm(session);
  }

  @Override
  public String getId() {
    return ID;
  }

  @Override
  public String getDisplayType() {
    return "Customer name and password";
  }

  @Override
  public String getHelpText() {
    return "Address or proven telephone number, and password; passkeys as Keycloak's own form.";
  }
}
