package com.example.customers.keycloak.password;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.Metrics;
import org.keycloak.Config;
import org.keycloak.credential.PasswordCredentialProvider;
import org.keycloak.credential.PasswordCredentialProviderFactory;
import org.keycloak.models.KeycloakSession;

/**
 * Takes the place of Keycloak's own factory, whose id it has: Keycloak prefers what is not its own.
 */
public final class BoundedPasswordsFactory extends PasswordCredentialProviderFactory {

  private MeterProvider<Counter> meters;

  @Override
  public PasswordCredentialProvider create(KeycloakSession session) {
    return new BoundedPasswords(session, meters, HashingQueue.SHARED);
  }

  /** Keycloak's counter under its own name; the field of Keycloak's factory is out of reach. */
  @Override
  public void init(Config.Scope config) {
    if (config.root().getBoolean("metrics-enabled", false)) {
      meters =
          Counter.builder("keycloak.credentials.password.hashing")
              .description("Password validations")
              .baseUnit("validations")
              .withRegistry(Metrics.globalRegistry);
    }
  }

  /** Above Keycloak's own. */
  @Override
  public int order() {
    return 1;
  }
}
