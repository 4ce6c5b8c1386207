package com.example.customers.keycloak.registration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.customers.keycloak.service.SignedPost.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.keycloak.models.utils.FormMessage;
import org.keycloak.services.messages.Messages;

final class RegistrationDoorTest {

  private static final RegistrationForm FORM =
      new RegistrationForm("f1", "ada@example.org", null, null, "de", "203.0.113.7");

  /** What stands beside the form, as {@code field message}. */
  private static List<String> shownFor(int status, String body) {
    return shown(new RegistrationDoor(json -> new Reply(status, body, "HTTP " + status)));
  }

  private static List<String> shown(RegistrationDoor door) {
    return door.send(FORM).stream().map(m -> m.getField() + " " + m.getMessage()).toList();
  }

  @Test
  @DisplayName("what leaves Keycloak is the form and where it comes from, and nothing else")
  void onlyTheForm() {
    List<String> sent = new ArrayList<>();
    RegistrationDoor door =
        new RegistrationDoor(
            json -> {
              sent.add(json);
              return new Reply(202, "{}", "HTTP 202");
            });

    door.send(FORM);
    door.send(
        new RegistrationForm("f1", "ada@example.org", "Ada", "Lovelace", "en", "203.0.113.7"));

    assertEquals(
        List.of(
            "{\"id\":\"f1\",\"email\":\"ada@example.org\",\"locale\":\"de\",\"ip\":\"203.0.113.7\"}",
            "{\"id\":\"f1\",\"email\":\"ada@example.org\",\"firstName\":\"Ada\",\"lastName\":\"Lovelace\",\"locale\":\"en\",\"ip\":\"203.0.113.7\"}"),
        sent);
  }

  @Test
  @DisplayName("each answer of the service is a sentence on the page, or none")
  void answers() {
    assertEquals(List.of(), shownFor(202, "{}"));
    assertEquals(List.of("global " + RegistrationDoor.LIMITED), shownFor(429, ""));
    for (int status : new int[] {0, 401, 404, 500, 503}) {
      assertEquals(List.of("global " + RegistrationDoor.UNAVAILABLE), shownFor(status, ""));
    }
  }

  @Test
  @DisplayName("what the service refuses is shown at its field, once")
  void refused() {
    String body =
        "{\"issues\":[{\"path\":\"email\",\"rule\":\"a\"},{\"path\":\"email\",\"rule\":\"b\"},{\"path\":\"givenName\"}]}";

    assertEquals(
        List.of("email " + Messages.INVALID_EMAIL, "firstName " + RegistrationDoor.INVALID),
        shownFor(422, body));
  }

  @Test
  @DisplayName("a refusal that names no field of the page is still told")
  void refusedElsewhere() {
    for (String body :
        new String[] {"{\"issues\":[{\"path\":\"locale\"}]}", "{}", "[]", "", "no JSON"}) {
      assertEquals(List.of("global " + RegistrationDoor.INVALID), shownFor(422, body), body);
    }
  }

  @Test
  @DisplayName("while so many wait for a service that hangs, one more is told at once")
  void crowded() throws Exception {
    CountDownLatch waiting = new CountDownLatch(RegistrationDoor.AT_ONCE);
    CountDownLatch answered = new CountDownLatch(1);
    RegistrationDoor door =
        new RegistrationDoor(
            json -> {
              waiting.countDown();
              try {
                answered.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return new Reply(202, "{}", "HTTP 202");
            });
    ExecutorService people = Executors.newFixedThreadPool(RegistrationDoor.AT_ONCE);
    List<Future<List<FormMessage>>> others = new ArrayList<>();
    for (int i = 0; i < RegistrationDoor.AT_ONCE; i++) {
      others.add(people.submit(() -> door.send(FORM)));
    }
    waiting.await();

    assertEquals(List.of("global " + RegistrationDoor.UNAVAILABLE), shown(door));

    answered.countDown();
    for (Future<List<FormMessage>> other : others) {
      assertTrue(other.get().isEmpty());
    }
    people.shutdown();
    assertEquals(List.of(), shown(door));
  }

  @Test
  @DisplayName("a form that is printed says nothing of the person")
  void printed() {
    assertEquals("RegistrationForm", FORM.toString());
  }
}
