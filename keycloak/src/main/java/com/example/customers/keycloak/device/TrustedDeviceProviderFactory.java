package com.example.customers.keycloak.device;

import org.keycloak.credential.CredentialProvider;
import org.keycloak.credential.CredentialProviderFactory;
import org.keycloak.models.KeycloakSession;

/** The credential type {@code customer-trusted-device}. */
public final class TrustedDeviceProviderFactory
    implements CredentialProviderFactory<TrustedDeviceProvider> {

  /** What Keycloak's registry of providers calls it. */
  public static final String ID = "customer-trusted-device";

  @Override
  public CredentialProvider<TrustedDevice> create(KeycloakSession session) {
    return new TrustedDeviceProvider(session);
  }

  @Override
  public String getId() {
    return ID;
  }
}
