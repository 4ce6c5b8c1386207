package com.example.customers.keycloak.device;

import org.keycloak.credential.CredentialModel;
import org.keycloak.credential.CredentialProvider;
import org.keycloak.credential.CredentialTypeMetadata;
import org.keycloak.credential.CredentialTypeMetadataContext;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;

/** Tells the consoles that a {@link TrustedDevice} can be removed. It validates nothing. */
public final class TrustedDeviceProvider implements CredentialProvider<TrustedDevice> {

  private final KeycloakSession session;

  TrustedDeviceProvider(KeycloakSession session) {
    this.session = session;
  }

  @Override
  public String getType() {
    return TrustedDevice.TYPE;
  }

  @Override
  public CredentialModel createCredential(
      RealmModel realm, UserModel user, TrustedDevice credential) {
    return user.credentialManager().createStoredCredential(credential);
  }

  @Override
  public boolean deleteCredential(RealmModel realm, UserModel user, String id) {
    return user.credentialManager().removeStoredCredentialById(id);
  }

  @Override
  public TrustedDevice getCredentialFromModel(CredentialModel stored) {
    return TrustedDevice.from(stored);
  }

  @Override
  public CredentialTypeMetadata getCredentialTypeMetadata(CredentialTypeMetadataContext context) {
    return CredentialTypeMetadata.builder()
        .type(TrustedDevice.TYPE)
        .category(CredentialTypeMetadata.Category.TWO_FACTOR)
        .displayName("customer-trusted-device-display-name")
        .helpText("customer-trusted-device-help-text")
        .removeable(true)
        .build(session);
  }
}
