package com.example.customers.keycloak.registration;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import org.keycloak.util.JsonSerialization;

/**
 * What leaves Keycloak of a registration, and all of it.
 *
 * @param id of this form: a copy of the delivery is the same registration
 * @param firstName null when the page does not ask
 * @param locale the language of the page, which is that of the mail
 * @param ip whose network the limit counts
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record RegistrationForm(
    String id, String email, String firstName, String lastName, String locale, String ip) {

  String json() {
    try {
      return JsonSerialization.writeValueAsString(this);
    } catch (IOException e) {
      throw new IllegalStateException("a registration could not be written as JSON", e);
    }
  }

  /** A record's own text would put the person into whatever prints it. */
  @Override
  public String toString() {
    return "RegistrationForm";
  }
}
