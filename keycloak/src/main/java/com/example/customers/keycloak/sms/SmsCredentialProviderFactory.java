package com.example.customers.keycloak.sms;

import org.keycloak.credential.CredentialProvider;
import org.keycloak.credential.CredentialProviderFactory;
import org.keycloak.models.KeycloakSession;

/** The credential type {@code sms-otp}. */
public final class SmsCredentialProviderFactory
    implements CredentialProviderFactory<SmsCredentialProvider> {

  /** What Keycloak's registry of providers calls it. */
  public static final String ID = "customer-sms";

  @Override
  public CredentialProvider<SmsCredential> create(KeycloakSession session) {
    return new SmsCredentialProvider(session);
  }

  @Override
  public String getId() {
    return ID;
  }
}
