package com.example.customers.keycloak.password;

import org.keycloak.Config;
import org.keycloak.credential.hash.PasswordHashProvider;
import org.keycloak.credential.hash.PasswordHashProviderFactory;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;

/** Makes {@code bcrypt} selectable. All hashing of this server shares one {@link HashingQueue}. */
public final class BcryptHashProviderFactory implements PasswordHashProviderFactory {

  /** What a password policy and a stored credential call it. */
  public static final String ID = "bcrypt";

  @Override
  public PasswordHashProvider create(KeycloakSession session) {
    return new BcryptHashProvider(HashingQueue.SHARED, () -> TurnedAway.from(session));
  }

  @Override
  public String getId() {
    return ID;
  }

  @Override
  public void init(Config.Scope config) {}

  @Override
  public void postInit(KeycloakSessionFactory factory) {}

  @Override
  public void close() {}
}
