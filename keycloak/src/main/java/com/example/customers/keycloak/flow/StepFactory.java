package com.example.customers.keycloak.flow;

import java.util.List;
import java.util.function.Supplier;
import org.keycloak.Config;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.AuthenticatorFactory;
import org.keycloak.models.AuthenticationExecutionModel.Requirement;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.provider.ProviderConfigProperty;

/** What a step of ours says of itself: nothing to configure, nothing that a user sets up in it. */
public abstract class StepFactory implements AuthenticatorFactory {

  private static final Requirement[] REQUIREMENTS = {Requirement.REQUIRED, Requirement.DISABLED};

  private final String id;
  private final String name;
  private final String help;
  private final Supplier<Authenticator> make;
  private Authenticator step;

  /**
   * @param id what a flow calls it
   * @param name what the console calls it
   * @param help what the console says of it
   * @param make makes the step when the server starts; it keeps nothing of a request, so that one
   *     serves all
   */
  protected StepFactory(String id, String name, String help, Supplier<Authenticator> make) {
    this.id = id;
    this.name = name;
    this.help = help;
    this.make = make;
  }

  @Override
  public Authenticator create(KeycloakSession session) {
    return step;
  }

  @Override
  public String getId() {
    return id;
  }

  @Override
  public String getDisplayType() {
    return name;
  }

  @Override
  public String getHelpText() {
    return help;
  }

  @Override
  public String getReferenceCategory() {
    return null;
  }

  @Override
  public Requirement[] getRequirementChoices() {
    return REQUIREMENTS.clone();
  }

  @Override
  public boolean isConfigurable() {
    return false;
  }

  @Override
  public boolean isUserSetupAllowed() {
    return false;
  }

  @Override
  public List<ProviderConfigProperty> getConfigProperties() {
    return List.of();
  }

  @Override
  public void init(Config.Scope config) {
    step = make.get();
  }

  @Override
  public void postInit(KeycloakSessionFactory factory) {}

  @Override
  public void close() {}
}
