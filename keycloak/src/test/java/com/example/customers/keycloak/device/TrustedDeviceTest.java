package com.example.customers.keycloak.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.keycloak.credential.CredentialModel;

final class TrustedDeviceTest {

  private static final long DAY = 86_400_000L;
  private static final long NOW = 1_800_000_000_000L;

  private final String secret = DeviceSecret.make();
  private final TrustedDevice device = TrustedDevice.of(secret, "standing", "Firefox, Linux", NOW);

  private static CredentialModel credential(String type, String id, Long created) {
    CredentialModel made = new CredentialModel();
    made.setType(type);
    made.setId(id);
    made.setCreatedDate(created);
    return made;
  }

  private static String standing(CredentialModel... credentials) {
    return Standing.of("ada@example.org", "+4915112345678", Stream.of(credentials));
  }

  @Test
  @DisplayName("what is stored says nothing of the secret, and knows it again")
  void secretIsHashed() {
    assertEquals(43, secret.length());
    assertFalse(device.getSecretData().contains(secret));
    assertFalse(device.getCredentialData().contains(secret));
    assertTrue(TrustedDevice.from(device).isHeldBy(secret));
  }

  @Test
  @DisplayName("nothing but the secret is taken for it")
  void nothingElse() {
    String hash = DeviceSecret.hash(secret);
    String[] others = {null, "", hash, DeviceSecret.make(), secret + "A", secret.substring(1), " "};
    for (String other : others) {
      assertFalse(device.isHeldBy(other));
    }
    assertFalse(TrustedDevice.from(credential(TrustedDevice.TYPE, "id", NOW)).isHeldBy(""));
  }

  @Test
  @DisplayName("it counts for 30 days, and not before it was trusted")
  void thirtyDays() {
    assertTrue(device.counts("standing", NOW));
    assertTrue(device.counts("standing", NOW + 30 * DAY - 1));
    assertFalse(device.counts("standing", NOW + 30 * DAY));
    assertFalse(device.counts("standing", NOW - 1));
    assertFalse(TrustedDevice.from(credential(TrustedDevice.TYPE, "id", null)).counts("", NOW));
  }

  @Test
  @DisplayName("it counts as long as she signs in with what she did then")
  void standingStays() {
    CredentialModel password = credential("password", "p", 1L);
    CredentialModel app = credential("otp", "o", 2L);
    String before = standing(password, app);

    assertEquals(before, standing(app, password));
    assertEquals(before, standing(password, app, credential(TrustedDevice.TYPE, "d", 3L)));
    assertEquals(before, standing(password, app, credential("password-history", "h", 1L)));
    assertNotEquals(before, standing(credential("password", "p", 5L), app));
    assertNotEquals(before, standing(password));
    assertNotEquals(before, standing(password, app, credential("sms-otp", "s", 6L)));
    assertNotEquals(
        before, Standing.of("eve@example.org", "+4915112345678", Stream.of(password, app)));
    assertNotEquals(before, Standing.of("ada@example.org", null, Stream.of(password, app)));
  }

  @Test
  @DisplayName("its label is browser and system, without versions")
  void label() {
    assertEquals("Firefox, Linux", TrustDevice.words("Firefox/141.0", "Linux"));
    assertEquals("Chrome Mobile, Android", TrustDevice.words("Chrome Mobile/140.0", "Android"));
    assertEquals("Firefox", TrustDevice.words("Firefox/141.0", "Other"));
    assertEquals("Browser", TrustDevice.words("Other/Unknown", null));
  }
}
