package com.example.customers.keycloak.social;

import com.example.customers.keycloak.service.ServiceAddress;
import com.example.customers.keycloak.service.SignedPost;
import java.time.Duration;
import java.util.List;
import org.keycloak.Config;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.AuthenticatorFactory;
import org.keycloak.models.AuthenticationExecutionModel.Requirement;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.provider.ProviderConfigProperty;

/**
 * The step {@code customer-social-unproven} of the flow for whoever comes from a provider first.
 */
public final class UnprovenAccountFactory implements AuthenticatorFactory {

  /** What a flow calls it. */
  public static final String ID = "customer-social-unproven";

  private static final Duration PATIENCE = Duration.ofSeconds(8);
  private static final Requirement[] REQUIREMENTS = {Requirement.REQUIRED, Requirement.DISABLED};

  private Authenticator step;

  @Override
  public Authenticator create(KeycloakSession session) {
    return step;
  }

  @Override
  public String getId() {
    return ID;
  }

  @Override
  public void init(Config.Scope config) {
    ServiceAddress service = ServiceAddress.configured();
    step =
        new UnprovenAccount(
            new SignedPost(service.unprovenAccounts(), service.key(), PATIENCE)::send);
  }

  @Override
  public void postInit(KeycloakSessionFactory factory) {}

  @Override
  public void close() {}

  @Override
  public String getDisplayType() {
    return "Customer: unproven accounts start clean";
  }

  @Override
  public String getReferenceCategory() {
    return null;
  }

  @Override
  public boolean isConfigurable() {
    return false;
  }

  @Override
  public Requirement[] getRequirementChoices() {
    return REQUIREMENTS.clone();
  }

  @Override
  public boolean isUserSetupAllowed() {
    return false;
  }

  @Override
  public String getHelpText() {
    return "Has the customer service drop an account that holds the address without proof.";
  }

  @Override
  public List<ProviderConfigProperty> getConfigProperties() {
    return List.of();
  }
}
