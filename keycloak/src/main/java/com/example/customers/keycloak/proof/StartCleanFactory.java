package com.example.customers.keycloak.proof;

import com.example.customers.keycloak.flow.StepFactory;

/**
 * The step {@code customer-start-clean}, after the mail of a reset and before its second factor.
 */
public final class StartCleanFactory extends StepFactory {

  /** What a flow calls it. */
  public static final String ID = "customer-start-clean";

  /** Made by Keycloak. */
  public StartCleanFactory() {
    super(
        ID,
        "Customer start clean",
        "Must follow the mail. Removes whatever was set up before any address was proven.",
        StartClean::new);
  }
}
