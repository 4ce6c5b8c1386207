package com.example.customers.keycloak.sms;

import java.io.IOException;
import org.keycloak.util.JsonSerialization;

/**
 * What leaves Keycloak so that a code is sent.
 *
 * @param number with its country code, as typed or as stored
 * @param locale the language of the page, which is that of the message
 * @param ip whose messages a limit counts
 * @param customer the user's id
 */
record TextMessageOrder(
    String purpose, String number, String code, String locale, String ip, String customer) {

  String json() {
    try {
      return JsonSerialization.writeValueAsString(this);
    } catch (IOException e) {
      throw new IllegalStateException("an order could not be written as JSON", e);
    }
  }

  /** A record's own text would print number and code. */
  @Override
  public String toString() {
    return "TextMessageOrder";
  }
}
