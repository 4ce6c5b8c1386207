package com.example.customers.keycloak.device;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.keycloak.credential.CredentialModel;
import org.keycloak.models.SubjectCredentialManager;
import org.keycloak.models.UserModel;

/** The trusted devices of one user. */
final class TrustedDevices {

  /** A further one takes the place of the oldest. */
  static final int MOST = 5;

  private final SubjectCredentialManager credentials;
  private final String standing;
  private final long now;

  /**
   * @param now in milliseconds since 1970
   */
  TrustedDevices(UserModel user, long now) {
    this.credentials = user.credentialManager();
    this.standing = Standing.of(user);
    this.now = now;
  }

  /** Drops those that count no more, so that no list shows them. */
  void dropOver() {
    all().stream().filter(one -> !one.counts(standing, now)).forEach(this::drop);
  }

  /** The one whose browser presents this. */
  Optional<TrustedDevice> heldBy(String presented) {
    return all().stream()
        .filter(one -> one.counts(standing, now) && one.isHeldBy(presented))
        .findFirst();
  }

  /**
   * Trusts a browser.
   *
   * @param words what she knows it by
   * @param before what the browser presented until now, which counts no more
   * @return what it holds from now on
   */
  String trust(String words, String before) {
    all().stream().filter(one -> one.isHeldBy(before)).forEach(this::drop);
    List<TrustedDevice> others = all();
    others.stream()
        .sorted(Comparator.comparing(CredentialModel::getCreatedDate))
        .limit(Math.max(0, others.size() - MOST + 1))
        .forEach(this::drop);
    String secret = DeviceSecret.make();
    credentials.createStoredCredential(TrustedDevice.of(secret, standing, free(words), now));
    return secret;
  }

  /** Keycloak refuses a label that is there already, in whatever case. */
  private String free(String words) {
    Set<String> taken =
        all().stream()
            .map(one -> String.valueOf(one.getUserLabel()).toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet());
    return IntStream.rangeClosed(1, MOST + 1)
        .mapToObj(n -> n == 1 ? words : words + " (" + n + ")")
        .filter(label -> !taken.contains(label.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow();
  }

  private List<TrustedDevice> all() {
    return credentials
        .getStoredCredentialsByTypeStream(TrustedDevice.TYPE)
        .map(TrustedDevice::from)
        .toList();
  }

  private void drop(TrustedDevice device) {
    credentials.removeStoredCredentialById(device.getId());
  }
}
