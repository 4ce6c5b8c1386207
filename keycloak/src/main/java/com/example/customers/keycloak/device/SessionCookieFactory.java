package com.example.customers.keycloak.device;

import com.example.customers.keycloak.flow.StepFactory;
import org.keycloak.models.AuthenticationExecutionModel.Requirement;

/** The step {@code customer-cookie}, in the place of Keycloak's {@code auth-cookie}. */
public final class SessionCookieFactory extends StepFactory {

  /** What a flow calls it. */
  public static final String ID = "customer-cookie";

  /** Made by Keycloak. */
  public SessionCookieFactory() {
    super(
        ID,
        "Customer session",
        "As Keycloak's own, but a session on trust opens no console and changes no account.",
        SessionCookie::new);
  }

  @Override
  public String getReferenceCategory() {
    return "cookie";
  }

  @Override
  public Requirement[] getRequirementChoices() {
    return REQUIREMENT_CHOICES.clone();
  }
}
