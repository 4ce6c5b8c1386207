package com.example.customers.keycloak.service;

import java.net.URI;
import org.keycloak.Config;

/**
 * Where the customer service listens, and the key that it knows us by. Both are options of the
 * listener {@code customer-events}; what else talks to the service uses the same two.
 *
 * @param events where events are delivered
 */
public record ServiceAddress(URI events, String key) {

  /** The listener whose options these are. */
  public static final String OWNER = "customer-events";

  private static final String OPTION = "--spi-events-listener--" + OWNER + "--";
  private static final int SHORTEST_KEY = 32;

  /** Reads the options wherever they are needed. */
  public static ServiceAddress configured() {
    return of(Config.scope("eventsListener", OWNER));
  }

  /**
   * @throws IllegalArgumentException with the option that is missing or wrong; the server then does
   *     not start
   */
  static ServiceAddress of(Config.Scope options) {
    String url = options.get("url");
    String key = options.get("key");
    if (url == null || !url.matches("https?://[^\\s]+")) {
      throw new IllegalArgumentException(
          OPTION + "url must be the http(s) address that customer events are delivered to");
    }
    if (key == null || key.length() < SHORTEST_KEY) {
      throw new IllegalArgumentException(
          OPTION
              + "key must be a secret of at least "
              + SHORTEST_KEY
              + " characters that signs customer events");
    }
    return new ServiceAddress(URI.create(url), key);
  }

  /** Where the forms of the registration page go: beside the events. */
  public URI registrations() {
    return events.resolve("registrations");
  }

  /** Where codes go that are to be sent as text messages. */
  public URI textMessages() {
    return events.resolve("text-messages");
  }

  /** Where we tell whose code came back. */
  public URI provenTextMessages() {
    return events.resolve("text-messages/proven");
  }

  /** Where we have accounts dropped that hold an address without proof. */
  public URI unprovenAccounts() {
    return events.resolve("unproven-accounts");
  }

  /** A record's own text would print the key. */
  @Override
  public String toString() {
    return "ServiceAddress[" + events + "]";
  }
}
