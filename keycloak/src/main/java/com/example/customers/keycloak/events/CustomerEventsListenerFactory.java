package com.example.customers.keycloak.events;

import com.example.customers.keycloak.log.AddressMask;
import com.example.customers.keycloak.service.ServiceAddress;
import com.example.customers.keycloak.service.SignedPost;
import java.time.Duration;
import org.keycloak.Config;
import org.keycloak.events.EventListenerProvider;
import org.keycloak.events.EventListenerProviderFactory;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.models.utils.PostMigrationEvent;

/**
 * The listener {@code customer-events}: no change of a user and no end of a session is lost on its
 * way to the customer service.
 */
public final class CustomerEventsListenerFactory implements EventListenerProviderFactory {

  /** What a realm's list of event listeners calls it. */
  public static final String ID = ServiceAddress.OWNER;

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private SignedPost post;
  private volatile Courier courier;

  @Override
  public EventListenerProvider create(KeycloakSession session) {
    return new CustomerEventsListener(session, this::kick);
  }

  @Override
  public String getId() {
    return ID;
  }

  @Override
  public void init(Config.Scope config) {
    ServiceAddress service = ServiceAddress.configured();
    post = new SignedPost(service.events(), service.key(), PATIENCE);
  }

  /** Starts delivering only after the tables exist; the log has its handlers by then, too. */
  @Override
  public void postInit(KeycloakSessionFactory factory) {
    factory.register(
        event -> {
          if (event instanceof PostMigrationEvent && courier == null) {
            AddressMask.install();
            courier = new Courier(factory, post);
            courier.start();
          }
        });
  }

  @Override
  public void close() {
    if (courier != null) {
      courier.close();
    }
  }

  private void kick() {
    if (courier != null) {
      courier.kick();
    }
  }
}
