package com.example.customers.keycloak.registration;

import com.example.customers.keycloak.service.ServiceAddress;
import com.example.customers.keycloak.service.SignedPost;
import java.time.Duration;
import java.util.List;
import org.keycloak.Config;
import org.keycloak.authentication.FormAction;
import org.keycloak.authentication.FormActionFactory;
import org.keycloak.models.AuthenticationExecutionModel.Requirement;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.provider.ProviderConfigProperty;

/**
 * The form action {@code customer-registration}, in place of {@code registration-user-creation}:
 * the registration page makes no user and says nothing of whether an address is known.
 */
public final class CustomerRegistrationFactory implements FormActionFactory {

  /** What a flow calls it. */
  public static final String ID = "customer-registration";

  /**
   * Longer than a registration takes on a good day; who waited in vain may still get the mail, and
   * is told to try later.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(8);

  private static final Requirement[] REQUIREMENTS = {Requirement.REQUIRED, Requirement.DISABLED};

  private RegistrationDoor door;

  @Override
  public FormAction create(KeycloakSession session) {
    return new CustomerRegistration(door);
  }

  @Override
  public String getId() {
    return ID;
  }

  @Override
  public void init(Config.Scope config) {
    ServiceAddress service = ServiceAddress.configured();
    door =
        new RegistrationDoor(
            new SignedPost(service.registrations(), service.key(), PATIENCE)::send);
  }

  @Override
  public void postInit(KeycloakSessionFactory factory) {}

  @Override
  public void close() {}

  @Override
  public String getDisplayType() {
    return "Customer registration";
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
    return "Must be the last action. Hands the form to the customer service, which mails a link; makes no user.";
  }

  @Override
  public List<ProviderConfigProperty> getConfigProperties() {
    return List.of();
  }
}
