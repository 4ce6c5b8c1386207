package com.example.customers.keycloak.social;

import com.example.customers.keycloak.flow.StepFactory;
import com.example.customers.keycloak.service.ServiceAddress;
import com.example.customers.keycloak.service.SignedPost;
import java.time.Duration;
import org.keycloak.authentication.Authenticator;

/**
 * The step {@code customer-social-unproven} of the flow for whoever comes from a provider first.
 */
public final class UnprovenAccountFactory extends StepFactory {

  /** What a flow calls it. */
  public static final String ID = "customer-social-unproven";

  private static final Duration PATIENCE = Duration.ofSeconds(8);

  /** Made by Keycloak. */
  public UnprovenAccountFactory() {
    super(
        ID,
        "Customer: unproven accounts start clean",
        "Has the customer service drop an account that holds the address without proof.",
        UnprovenAccountFactory::step);
  }

  private static Authenticator step() {
    ServiceAddress service = ServiceAddress.configured();
    return new UnprovenAccount(
        new SignedPost(service.unprovenAccounts(), service.key(), PATIENCE)::send);
  }
}
