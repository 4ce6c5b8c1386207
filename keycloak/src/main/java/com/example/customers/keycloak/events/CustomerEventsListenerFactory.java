package com.example.customers.keycloak.events;

import com.example.customers.keycloak.log.AddressMask;
import java.net.URI;
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
  public static final String ID = "customer-events";

  private static final String OPTION = "--spi-events-listener--" + ID + "--";
  private static final int SHORTEST_KEY = 32;

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
    post = new SignedPost(url(config.get("url")), key(config.get("key")));
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

  private static URI url(String value) {
    if (value == null || !value.matches("https?://[^\\s]+")) {
      throw new IllegalArgumentException(
          OPTION + "url must be the http(s) address that customer events are delivered to");
    }
    return URI.create(value);
  }

  private static String key(String value) {
    if (value == null || value.length() < SHORTEST_KEY) {
      throw new IllegalArgumentException(
          OPTION
              + "key must be a secret of at least "
              + SHORTEST_KEY
              + " characters that signs customer events");
    }
    return value;
  }
}
