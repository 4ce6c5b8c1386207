package com.example.customers.keycloak.device;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.keycloak.credential.CredentialModel;
import org.keycloak.util.JsonSerialization;

/**
 * A browser that asks for the password only. It is kept as a credential, so that her console lists
 * it and removes it, and all nodes see it; it proves nothing by itself.
 */
public final class TrustedDevice extends CredentialModel {

  /** What Keycloak, its consoles and its events call it. */
  public static final String TYPE = "customer-trusted-device";

  /** How long a device is trusted. */
  static final Duration LIFETIME = Duration.ofDays(30);

  private static final String HASH = "hash";
  private static final String STANDING = "standing";

  private final String hash;
  private final String standing;

  private TrustedDevice(String hash, String standing) {
    this.hash = hash;
    this.standing = standing;
    setType(TYPE);
  }

  /**
   * @param secret what the browser holds
   * @param standing what she signs in with at the moment, by {@link Standing}
   * @param now in milliseconds since 1970
   */
  static TrustedDevice of(String secret, String standing, String label, long now) {
    TrustedDevice made = new TrustedDevice(DeviceSecret.hash(secret), standing);
    made.setCreatedDate(now);
    made.setUserLabel(label);
    made.setSecretData(json(HASH, made.hash));
    made.setCredentialData(json(STANDING, standing));
    return made;
  }

  static TrustedDevice from(CredentialModel stored) {
    String hash = read(stored.getSecretData()).path(HASH).asText();
    TrustedDevice read =
        new TrustedDevice(hash, read(stored.getCredentialData()).path(STANDING).asText());
    read.setId(stored.getId());
    read.setCreatedDate(stored.getCreatedDate());
    read.setUserLabel(stored.getUserLabel());
    read.setSecretData(stored.getSecretData());
    read.setCredentialData(stored.getCredentialData());
    return read;
  }

  /** Whether a browser that presents this secret is the device. */
  boolean isHeldBy(String presented) {
    return DeviceSecret.isOf(presented, hash);
  }

  /** Whether it still counts: for 30 days, and as long as she signs in with what she did then. */
  boolean counts(String standingNow, long now) {
    Long since = getCreatedDate();
    return since != null
        && now >= since
        && now - since < LIFETIME.toMillis()
        && standing.equals(standingNow);
  }

  private static String json(String name, String value) {
    try {
      return JsonSerialization.writeValueAsString(Map.of(name, value));
    } catch (IOException e) {
      throw new IllegalStateException("a credential could not be written as JSON", e);
    }
  }

  private static JsonNode read(String json) {
    try {
      return JsonSerialization.mapper.readTree(json == null ? "{}" : json);
    } catch (IOException e) {
      throw new IllegalStateException("a credential could not be read", e);
    }
  }
}
