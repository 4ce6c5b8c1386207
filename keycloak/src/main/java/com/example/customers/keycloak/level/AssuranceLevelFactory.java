package com.example.customers.keycloak.level;

import com.example.customers.keycloak.flow.StepFactory;

/** The step {@code customer-level}, the last of a way to sign in: what {@code acr} says. */
public final class AssuranceLevelFactory extends StepFactory {

  /** What a flow calls it. */
  public static final String ID = "customer-level";

  /** Made by Keycloak. */
  public AssuranceLevelFactory() {
    super(
        ID,
        "Customer level",
        "Must be the last step. Level 2 after a passkey.",
        AssuranceLevel::new);
  }
}
