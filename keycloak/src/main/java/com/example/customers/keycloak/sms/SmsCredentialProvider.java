package com.example.customers.keycloak.sms;

import org.keycloak.credential.CredentialInput;
import org.keycloak.credential.CredentialInputValidator;
import org.keycloak.credential.CredentialModel;
import org.keycloak.credential.CredentialProvider;
import org.keycloak.credential.CredentialTypeMetadata;
import org.keycloak.credential.CredentialTypeMetadataContext;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;

/**
 * Keeps {@link SmsCredential}s, and tells the consoles how to set one up and that it can be
 * removed.
 */
public final class SmsCredentialProvider
    implements CredentialProvider<SmsCredential>, CredentialInputValidator {

  private final KeycloakSession session;

  SmsCredentialProvider(KeycloakSession session) {
    this.session = session;
  }

  static SmsCredentialProvider of(KeycloakSession session) {
    return (SmsCredentialProvider)
        session.getProvider(CredentialProvider.class, SmsCredentialProviderFactory.ID);
  }

  /** Her one number: a new one takes the place of the old one, which is no way in any more. */
  void replace(UserModel user, SmsCredential credential) {
    user.credentialManager()
        .getStoredCredentialsByTypeStream(SmsCredential.TYPE)
        .map(CredentialModel::getId)
        .toList()
        .forEach(user.credentialManager()::removeStoredCredentialById);
    user.credentialManager().createStoredCredential(credential);
  }

  @Override
  public String getType() {
    return SmsCredential.TYPE;
  }

  @Override
  public CredentialModel createCredential(
      RealmModel realm, UserModel user, SmsCredential credential) {
    return user.credentialManager().createStoredCredential(credential);
  }

  @Override
  public boolean deleteCredential(RealmModel realm, UserModel user, String id) {
    return user.credentialManager().removeStoredCredentialById(id);
  }

  @Override
  public SmsCredential getCredentialFromModel(CredentialModel stored) {
    return SmsCredential.from(stored);
  }

  @Override
  public CredentialTypeMetadata getCredentialTypeMetadata(CredentialTypeMetadataContext context) {
    return CredentialTypeMetadata.builder()
        .type(SmsCredential.TYPE)
        .category(CredentialTypeMetadata.Category.TWO_FACTOR)
        .displayName("sms-otp-display-name")
        .helpText("sms-otp-help-text")
        .iconCssClass("kcAuthenticatorOTPClass")
        .createAction(SmsEnrolmentFactory.ID)
        .removeable(true)
        .build(session);
  }

  @Override
  public boolean supportsCredentialType(String type) {
    return SmsCredential.TYPE.equals(type);
  }

  @Override
  public boolean isConfiguredFor(RealmModel realm, UserModel user, String type) {
    return supportsCredentialType(type)
        && user.credentialManager().getStoredCredentialsByTypeStream(type).findAny().isPresent();
  }

  /** Never: a code is judged by whoever had it sent, for what it was sent for. */
  @Override
  public boolean isValid(RealmModel realm, UserModel user, CredentialInput input) {
    return false;
  }
}
