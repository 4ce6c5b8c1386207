package com.example.customers.keycloak.device;

import com.example.customers.keycloak.flow.StepFactory;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.authenticators.conditional.ConditionalAuthenticator;
import org.keycloak.authentication.authenticators.conditional.ConditionalAuthenticatorFactory;
import org.keycloak.models.KeycloakSession;

/** The condition {@code customer-unknown-device}, of the steps that ask for a second factor. */
public final class UnknownDeviceFactory extends StepFactory
    implements ConditionalAuthenticatorFactory {

  /** What a flow calls it. */
  public static final String ID = "customer-unknown-device";

  private static final ConditionalAuthenticator CONDITION = new UnknownDevice();

  /** Made by Keycloak. */
  public UnknownDeviceFactory() {
    super(
        ID,
        "Condition - unknown device",
        "Not met in a browser that the customer trusts, for a plain sign-in.",
        () -> CONDITION);
  }

  @Override
  public Authenticator create(KeycloakSession session) {
    return CONDITION;
  }

  @Override
  public ConditionalAuthenticator getSingleton() {
    return CONDITION;
  }

  @Override
  public String getReferenceCategory() {
    return ConditionalAuthenticatorFactory.REFERENCE_CATEGORY;
  }
}
