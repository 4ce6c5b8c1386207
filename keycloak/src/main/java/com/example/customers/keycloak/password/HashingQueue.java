package com.example.customers.keycloak.password;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Where passwords wait to be hashed: one takes a core for a quarter of a second. Whoever has waited
 * two seconds is better served by "try again" than by a longer queue, and Keycloak's threads are
 * left to those who need no hash.
 */
final class HashingQueue {

  /** How long somebody waits. */
  static final Duration PATIENCE = Duration.ofSeconds(2);

  /** At a quarter of a second for each, whoever comes after these would wait longer than that. */
  static final int WAITING_PER_CORE = 8;

  /**
   * Each of them keeps one of Keycloak's threads, 50 at least, and a connection to its database:
   * half of both stay free for those who need no hash.
   */
  static final int WAITING = 24;

  /** The one of this node, as wide as the machine has cores. */
  static final HashingQueue SHARED =
      new HashingQueue(Runtime.getRuntime().availableProcessors(), PATIENCE);

  private final ThreadLocal<Boolean> inside = ThreadLocal.withInitial(() -> false);
  private final Semaphore cores;
  private final int longest;
  private final Duration patience;

  HashingQueue(int cores, Duration patience) {
    this.cores = new Semaphore(cores, true);
    this.longest = Math.min(cores * WAITING_PER_CORE, WAITING);
    this.patience = patience;
  }

  /**
   * Runs work on a core of its own. What it runs in turn stays on that core.
   *
   * @param refusal makes what is thrown at whoever waited in vain
   */
  <T> T run(Supplier<T> work, Supplier<? extends RuntimeException> refusal) {
    if (inside.get()) {
      return work.get();
    }
    if (!hasCore()) {
      throw refusal.get();
    }
    inside.set(true);
    try {
      return work.get();
    } finally {
      inside.remove();
      cores.release();
    }
  }

  int free() {
    return cores.availablePermits();
  }

  int waiting() {
    return cores.getQueueLength();
  }

  private boolean hasCore() {
    try {
      return waiting() < longest && cores.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
