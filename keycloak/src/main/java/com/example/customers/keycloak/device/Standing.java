package com.example.customers.keycloak.device;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.keycloak.credential.CredentialModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.UserModel.RequiredAction;
import org.keycloak.models.credential.PasswordCredentialModel;

/**
 * What somebody signs in with, as one word: her address, her number, her password and her factors.
 * A device is trusted as long as it stays the same, whoever changes it and by whatever way: no
 * event has to arrive for that.
 */
final class Standing {

  private static final String LOCK = "contactLock";

  private static final Set<String> LEFT_OUT =
      Set.of(TrustedDevice.TYPE, PasswordCredentialModel.PASSWORD_HISTORY);

  private Standing() {}

  static String of(UserModel user) {
    return of(
        user.getEmail(),
        user.getFirstAttribute("phoneNumber"),
        user.credentialManager().getStoredCredentialsStream());
  }

  static String of(String email, String phone, Stream<CredentialModel> credentials) {
    String all =
        credentials
            .filter(one -> !LEFT_OUT.contains(one.getType()))
            // A new password keeps its id; only its date is new.
            .map(one -> one.getType() + " " + one.getId() + " " + one.getCreatedDate())
            .sorted()
            .collect(Collectors.joining("\n"));
    return DeviceSecret.hash(email + "\n" + phone + "\n" + all);
  }

  /** While a new password is asked of her, or a contact was taken back, no device is trusted. */
  static boolean isInDoubt(UserModel user) {
    return Boolean.parseBoolean(user.getFirstAttribute(LOCK))
        || user.getRequiredActionsStream()
            .anyMatch(action -> RequiredAction.UPDATE_PASSWORD.name().equals(action));
  }
}
