package com.example.customers.keycloak.password;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import org.keycloak.credential.CredentialInput;
import org.keycloak.credential.PasswordCredentialProvider;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;

/**
 * Keycloak's passwords, judged once a core is free. Keycloak takes whatever a hash throws for a
 * wrong password, logs it and counts a failure (26.7), so whoever waited in vain is turned away
 * before.
 */
final class BoundedPasswords extends PasswordCredentialProvider {

  private final HashingQueue queue;

  /**
   * @param meters Keycloak's counter of hashes; null without metrics
   */
  BoundedPasswords(KeycloakSession session, MeterProvider<Counter> meters, HashingQueue queue) {
    super(session, meters, meters != null, true, true, true, true);
    this.queue = queue;
  }

  @Override
  public boolean isValid(RealmModel realm, UserModel user, CredentialInput input) {
    return queue.run(() -> super.isValid(realm, user, input), () -> TurnedAway.from(session));
  }
}
