package com.example.customers.keycloak.password;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

final class HashingQueueTest {

  private static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private final ExecutorService others = Executors.newCachedThreadPool();
  private final CountDownLatch end = new CountDownLatch(1);

  @AfterEach
  void stop() {
    end.countDown();
    others.shutdownNow();
  }

  /** Takes a core until the test ends. */
  private void occupy(HashingQueue queue) throws InterruptedException {
    CountDownLatch began = new CountDownLatch(1);
    others.execute(
        () ->
            queue.run(
                () -> {
                  began.countDown();
                  return await(end);
                },
                Refused::new));
    began.await();
  }

  private static boolean await(CountDownLatch latch) {
    try {
      latch.await();
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  @Test
  @DisplayName("whoever has waited in vain is refused in time, and who comes later is served")
  void refusal() throws InterruptedException {
    HashingQueue queue = new HashingQueue(1, Duration.ofMillis(200));
    occupy(queue);

    long began = System.nanoTime();
    assertThrows(Refused.class, () -> queue.run(() -> "hashed", Refused::new));
    long waited = Duration.ofNanos(System.nanoTime() - began).toMillis();
    assertTrue(waited >= 200 && waited < 2000, "waited " + waited + " ms");

    end.countDown();
    assertEquals("hashed", queue.run(() -> "hashed", Refused::new));
  }

  @Test
  @DisplayName("a queue that is too long is joined by nobody")
  void tooLong() throws InterruptedException {
    HashingQueue queue = new HashingQueue(1, Duration.ofMinutes(1));
    occupy(queue);
    List<CompletableFuture<String>> waiting = new ArrayList<>();
    for (int n = 0; n < HashingQueue.WAITING_PER_CORE; n += 1) {
      waiting.add(
          CompletableFuture.supplyAsync(() -> queue.run(() -> "hashed", Refused::new), others));
    }
    while (queue.waiting() < HashingQueue.WAITING_PER_CORE) {
      Thread.onSpinWait();
    }

    assertThrows(Refused.class, () -> queue.run(() -> "hashed", Refused::new));

    end.countDown();
    waiting.forEach(one -> assertEquals("hashed", one.join()));
    assertEquals(1, queue.free());
  }

  @Test
  @DisplayName("work inside work needs no second core, and a failure frees the first")
  void inside() {
    HashingQueue queue = new HashingQueue(1, Duration.ofMillis(100));

    assertEquals("both", queue.run(() -> queue.run(() -> "both", Refused::new), Refused::new));
    assertThrows(
        IllegalStateException.class,
        () ->
            queue.run(
                () -> {
                  throw new IllegalStateException();
                },
                Refused::new));
    assertEquals(1, queue.free());
    assertEquals("again", queue.run(() -> "again", Refused::new));
  }
}
