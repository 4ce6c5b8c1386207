package com.example.customers.keycloak.sms;

import java.util.List;
import org.keycloak.Config;
import org.keycloak.authentication.Authenticator;
import org.keycloak.authentication.AuthenticatorFactory;
import org.keycloak.models.AuthenticationExecutionModel.Requirement;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.provider.ProviderConfigProperty;

/** The authenticator {@code customer-sms-code}, for the browser. */
public final class SmsCodeAuthenticatorFactory implements AuthenticatorFactory {

  /** What a flow calls it. */
  public static final String ID = "customer-sms-code";

  private SmsCodeAuthenticator authenticator;

  @Override
  public Authenticator create(KeycloakSession session) {
    return authenticator;
  }

  @Override
  public String getId() {
    return ID;
  }

  @Override
  public void init(Config.Scope config) {
    authenticator = new SmsCodeAuthenticator(SmsDesk.configured());
  }

  @Override
  public void postInit(KeycloakSessionFactory factory) {}

  @Override
  public void close() {}

  @Override
  public String getDisplayType() {
    return "Customer code by text message";
  }

  /** The type of the credential: by it the page of other ways knows this one. */
  @Override
  public String getReferenceCategory() {
    return SmsCredential.TYPE;
  }

  @Override
  public boolean isConfigurable() {
    return false;
  }

  @Override
  public Requirement[] getRequirementChoices() {
    return REQUIREMENT_CHOICES;
  }

  @Override
  public boolean isUserSetupAllowed() {
    return true;
  }

  @Override
  public String getHelpText() {
    return "Has the customer service send a code to her number, and asks for it.";
  }

  @Override
  public List<ProviderConfigProperty> getConfigProperties() {
    return List.of();
  }
}
