package com.example.customers.keycloak.events;

import com.example.customers.keycloak.service.SignedPost;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Metrics;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;
import org.keycloak.models.KeycloakSessionFactory;
import org.keycloak.models.utils.KeycloakModelUtils;

/**
 * Carries the outbox to the receiver, oldest first, for as long as it takes. Every node has one;
 * the rows are locked while they travel, so nodes share the work and none has to take over from
 * another.
 */
final class Courier implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(Courier.class);

  private static final int BATCH = 100;
  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);
  private static final Duration FORGET_EVERY = Duration.ofMinutes(10);
  private static final Duration KEEP_DELIVERED = Duration.ofDays(7);

  /** Pauses after the first, second, and every further failure in a row. */
  private static final List<Duration> PAUSES =
      List.of(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(5));

  private final KeycloakSessionFactory sessions;
  private final SignedPost post;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "customer-events");
            thread.setDaemon(true);
            return thread;
          });

  /** At most one extra run waits, so that the queue cannot grow. */
  private final AtomicBoolean kicked = new AtomicBoolean();

  private int failures;
  private Instant quietUntil = Instant.EPOCH;
  private Instant nextLook = Instant.EPOCH;
  private Instant nextForget = Instant.EPOCH;
  private volatile Outbox.Backlog backlog = new Outbox.Backlog(0, null);

  Courier(KeycloakSessionFactory sessions, SignedPost post) {
    this.sessions = sessions;
    this.post = post;
  }

  void start() {
    Gauge.builder("customer_outbox_pending", () -> backlog.pending())
        .description("Changes that the customer service has not yet been told of")
        .register(Metrics.globalRegistry);
    Gauge.builder("customer_outbox_oldest_seconds", this::oldestAge)
        .description(
            "Age of the oldest change that the customer service has not yet been told of; 0 when there is none")
        .register(Metrics.globalRegistry);
    executor.scheduleWithFixedDelay(this::run, 0, TICK.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Delivers now instead of at the next tick. Only for speed: what is not kicked is found by the
   * tick.
   */
  void kick() {
    if (!kicked.compareAndSet(false, true)) {
      return;
    }
    try {
      executor.execute(
          () -> {
            kicked.set(false);
            run();
          });
    } catch (RejectedExecutionException e) {
      LOG.debug("closing: the rows are delivered by another node or after the next start");
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }

  /** An exception would end the schedule for good, so none may leave. */
  private void run() {
    try {
      while (!Instant.now().isBefore(quietUntil)
          && KeycloakModelUtils.runJobInTransactionWithResult(
              sessions, session -> carry(new Outbox(session)))) {
        LOG.debug("a full batch was delivered, the next one follows");
      }
      keepHouse();
    } catch (RuntimeException e) {
      pause(e.getClass().getSimpleName());
    }
  }

  /** One batch. True when there may be more. */
  private boolean carry(Outbox outbox) {
    Outbox.Batch batch = outbox.take(BATCH);
    List<String> events = batch.payloads();
    if (events.isEmpty()) {
      return false;
    }
    SignedPost.Reply reply = post.send("{\"events\":[" + String.join(",", events) + "]}");
    if (!reply.taken()) {
      batch.failed(reply.trouble());
      pause(reply.trouble());
      return false;
    }
    batch.delivered();
    if (failures > 0) {
      LOG.infof("customer events are delivered again after %d failures", failures);
    }
    failures = 0;
    return events.size() == BATCH;
  }

  private void pause(String reason) {
    if (failures == 0) {
      LOG.warnf(
          "customer events cannot be delivered (%s); nothing is lost, retrying until it succeeds",
          reason);
    }
    quietUntil = Instant.now().plus(PAUSES.get(Math.min(failures, PAUSES.size() - 1)));
    failures++;
    nextLook = Instant.EPOCH;
  }

  private void keepHouse() {
    Instant now = Instant.now();
    if (now.isBefore(nextLook)) {
      return;
    }
    nextLook = now.plus(LOOK_AGAIN);
    boolean forget = !now.isBefore(nextForget);
    KeycloakModelUtils.runJobInTransaction(
        sessions,
        session -> {
          Outbox outbox = new Outbox(session);
          backlog = outbox.backlog();
          if (forget) {
            outbox.forgetDelivered(KEEP_DELIVERED);
          }
        });
    if (forget) {
      nextForget = now.plus(FORGET_EVERY);
    }
  }

  private double oldestAge() {
    Instant oldest = backlog.oldest();
    return oldest == null
        ? 0
        : Math.max(0, Duration.between(oldest, Instant.now()).toMillis() / 1000.0);
  }
}
