package com.example.customers.keycloak.sms;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.customers.keycloak.service.SignedPost.Reply;
import com.example.customers.keycloak.sms.TextMessageDoor.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class TextMessageDoorTest {

  private static final TextMessageOrder ORDER =
      new TextMessageOrder("sign-in", "+4915112345678", "123456", "de", "203.0.113.7", "ada");

  private static TextMessageDoor door(Function<String, Reply> orders) {
    return new TextMessageDoor(orders, json -> new Reply(202, "{}", ""), Runnable::run);
  }

  private static Answer answerTo(int status, String body) {
    return door(json -> new Reply(status, body, "HTTP " + status)).send(ORDER);
  }

  @Test
  @DisplayName("what leaves Keycloak is the order, and nothing else")
  void onlyTheOrder() {
    List<String> sent = new ArrayList<>();
    door(json -> {
          sent.add(json);
          return new Reply(202, "{\"number\":\"+4915112345678\"}", "");
        })
        .send(ORDER);

    assertEquals(
        List.of(
            "{\"purpose\":\"sign-in\",\"number\":\"+4915112345678\",\"code\":\"123456\",\"locale\":\"de\",\"ip\":\"203.0.113.7\",\"customer\":\"ada\"}"),
        sent);
  }

  @Test
  @DisplayName("each answer of the service is a sentence of the page, or the number that counts")
  void answers() {
    assertEquals("+4915112345678", answerTo(202, "{\"number\":\"+4915112345678\"}").number());
    assertEquals(TextMessageDoor.LIMITED, answerTo(429, "").trouble());
    for (int status : new int[] {0, 401, 404, 500, 503}) {
      assertEquals(TextMessageDoor.UNAVAILABLE, answerTo(status, "").trouble());
    }
    assertEquals(TextMessageDoor.UNAVAILABLE, answerTo(202, "no JSON").trouble());
    assertEquals(
        "customerSmsNumberCountry",
        answerTo(422, "{\"issues\":[{\"rule\":\"country\"}]}").trouble());
    assertEquals(
        "customerSmsNumberNotMobile",
        answerTo(422, "{\"issues\":[{\"rule\":\"mobile\"}]}").trouble());
    for (String body : new String[] {"{\"issues\":[{\"rule\":\"phone\"}]}", "{}", "", "no JSON"}) {
      assertEquals(TextMessageDoor.INVALID, answerTo(422, body).trouble(), body);
    }
  }

  @Test
  @DisplayName("while so many wait for a service that hangs, one more is told at once")
  void crowded() throws Exception {
    CountDownLatch waiting = new CountDownLatch(TextMessageDoor.AT_ONCE);
    CountDownLatch answered = new CountDownLatch(1);
    TextMessageDoor door =
        door(
            json -> {
              waiting.countDown();
              try {
                answered.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return new Reply(202, "{\"number\":\"+491\"}", "");
            });
    ExecutorService people = Executors.newFixedThreadPool(TextMessageDoor.AT_ONCE);
    List<Future<Answer>> others = new ArrayList<>();
    for (int i = 0; i < TextMessageDoor.AT_ONCE; i++) {
      others.add(people.submit(() -> door.send(ORDER)));
    }
    waiting.await();

    assertEquals(TextMessageDoor.UNAVAILABLE, door.send(ORDER).trouble());

    answered.countDown();
    for (Future<Answer> other : others) {
      assertTrue(other.get().isSent());
    }
    people.shutdown();
    assertTrue(door.send(ORDER).isSent());
    assertFalse(door.send(ORDER).toString().contains("+491"));
  }
}
