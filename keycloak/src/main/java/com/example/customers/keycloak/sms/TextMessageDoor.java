package com.example.customers.keycloak.sms;

import com.example.customers.keycloak.service.ServiceAddress;
import com.example.customers.keycloak.service.SignedPost;
import com.example.customers.keycloak.service.SignedPost.Reply;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jboss.logging.Logger;
import org.keycloak.util.JsonSerialization;

/**
 * The way of a code to the customer service, which alone sends text messages and knows their
 * limits. At most {@value #AT_ONCE} wait for it at a time on a node: a service that hangs must not
 * take the threads of those who sign in without it.
 */
final class TextMessageDoor {

  static final int AT_ONCE = 20;

  private static final Logger LOG = Logger.getLogger(TextMessageDoor.class);

  /** With what Keycloak does besides, the page is there within five seconds. */
  private static final Duration PATIENCE = Duration.ofMillis(4500);

  private static final int WAITING_REPORTS = 1000;

  /** Why nothing was sent, as a sentence of the page; null in {@link Answer} when it was. */
  static final String LIMITED = "customerSmsLimited";

  static final String UNAVAILABLE = "customerSmsUnavailable";
  static final String INVALID = "customerSmsNumberInvalid";

  private static final Map<String, String> RULES =
      Map.of("country", "customerSmsNumberCountry", "mobile", "customerSmsNumberNotMobile");

  private static TextMessageDoor shared;

  private final Function<String, Reply> orders;
  private final Function<String, Reply> reports;
  private final Executor reporter;
  private final Semaphore places = new Semaphore(AT_ONCE);

  /**
   * @param orders posts what is to be sent
   * @param reports posts which number proved itself
   * @param reporter runs what nobody waits for
   */
  TextMessageDoor(
      Function<String, Reply> orders, Function<String, Reply> reports, Executor reporter) {
    this.orders = orders;
    this.reports = reports;
    this.reporter = reporter;
  }

  /** The one of this node, by the options of the listener. */
  static synchronized TextMessageDoor configured() {
    if (shared == null) {
      ServiceAddress service = ServiceAddress.configured();
      shared =
          new TextMessageDoor(
              new SignedPost(service.textMessages(), service.key(), PATIENCE)::send,
              new SignedPost(service.provenTextMessages(), service.key(), PATIENCE)::send,
              background());
    }
    return shared;
  }

  /**
   * What became of an order.
   *
   * @param number in E.164 form; null when nothing was sent
   * @param trouble a sentence of the page; null when it was sent
   */
  record Answer(String number, String trouble) {

    boolean isSent() {
      return trouble == null;
    }

    /** A record's own text would print the number. */
    @Override
    public String toString() {
      return "Answer[" + trouble + "]";
    }
  }

  Answer send(TextMessageOrder order) {
    if (!places.tryAcquire()) {
      LOG.warnf("a code is not sent: %d others wait for the customer service", AT_ONCE);
      return new Answer(null, UNAVAILABLE);
    }
    try {
      return answer(orders.apply(order.json()));
    } finally {
      places.release();
    }
  }

  /** Says that a code came back. Only the breaker of the service counts on it, so nobody waits. */
  void proven(String number) {
    String json = JsonSerialization.mapper.createObjectNode().put("number", number).toString();
    reporter.execute(() -> reports.apply(json));
  }

  private static Answer answer(Reply reply) {
    if (reply.taken()) {
      String number = read(reply.body()).path("number").asText("");
      return number.startsWith("+") ? new Answer(number, null) : new Answer(null, UNAVAILABLE);
    }
    if (reply.status() == 429) {
      return new Answer(null, LIMITED);
    }
    if (reply.status() == 422) {
      String rule = read(reply.body()).path("issues").path(0).path("rule").asText("");
      return new Answer(null, RULES.getOrDefault(rule, INVALID));
    }
    LOG.warnf("a code was not sent by the customer service (%s)", reply.trouble());
    return new Answer(null, UNAVAILABLE);
  }

  private static JsonNode read(String body) {
    try {
      return JsonSerialization.mapper.readTree(body);
    } catch (IOException e) {
      return JsonSerialization.mapper.nullNode();
    }
  }

  private static Executor background() {
    return new ThreadPoolExecutor(
        0,
        1,
        1,
        TimeUnit.MINUTES,
        new ArrayBlockingQueue<>(WAITING_REPORTS),
        task -> {
          Thread thread = new Thread(task, "customer-text-messages");
          thread.setDaemon(true);
          return thread;
        },
        new ThreadPoolExecutor.DiscardPolicy());
  }
}
