package com.example.customers.keycloak.events;

import jakarta.persistence.EntityManager;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.keycloak.connections.jpa.JpaConnectionProvider;
import org.keycloak.events.outbox.OutboxStore;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.jpa.entities.OutboxEntryEntity;
import org.keycloak.models.jpa.entities.OutboxEntryStatus;
import org.keycloak.util.JsonSerialization;

/**
 * Our rows in Keycloak's own table {@code OUTBOX_ENTRY}. The table's code is an internal interface,
 * new in Keycloak 26.7: no other class of ours touches it, and each new minor version is tried
 * before it is used.
 */
final class Outbox {

  private static final String KIND = "customer";
  private static final String EVERYBODY = "all";

  private final KeycloakSession session;
  private final OutboxStore store;

  Outbox(KeycloakSession session) {
    this.session = session;
    this.store = new OutboxStore(session);
  }

  /** What waits to be delivered. {@code oldest} is null when nothing does. */
  record Backlog(long pending, Instant oldest) {}

  /** Adds a row within the running transaction. */
  void write(String realmId, CustomerEvent event) {
    String owner =
        event.userId() != null
            ? event.userId()
            : event.sessionId() != null ? event.sessionId() : EVERYBODY;
    try {
      store.enqueuePending(
          KIND,
          realmId,
          owner,
          null,
          event.id(),
          event.type(),
          JsonSerialization.writeValueAsString(event),
          null);
    } catch (IOException e) {
      throw new IllegalStateException("an event could not be written as JSON", e);
    }
  }

  /** The oldest rows that wait and that no other node holds, locked until the transaction ends. */
  Batch take(int limit) {
    return new Batch(store.lockDueForDrain(KIND, limit));
  }

  /** Rows on their way. */
  final class Batch {

    private final List<OutboxEntryEntity> rows;

    private Batch(List<OutboxEntryEntity> rows) {
      this.rows = rows;
    }

    List<String> payloads() {
      return rows.stream().map(OutboxEntryEntity::getPayload).toList();
    }

    void delivered() {
      rows.forEach(store::markDelivered);
    }

    /**
     * Notes the failure on the first row. Its due time stays, for rows are taken in that order and
     * must keep their places.
     */
    void failed(String reason) {
      OutboxEntryEntity first = rows.get(0);
      store.recordFailure(first, first.getNextAttemptAt(), reason);
    }
  }

  void forgetDelivered(Duration age) {
    store.purgeDeliveredOlderThan(KIND, Instant.now().minus(age));
  }

  Backlog backlog() {
    EntityManager em = session.getProvider(JpaConnectionProvider.class).getEntityManager();
    Object[] row =
        em.createQuery(
                "select count(e), min(e.createdAt) from OutboxEntryEntity e where e.entryKind = :kind and e.status = :status",
                Object[].class)
            .setParameter("kind", KIND)
            .setParameter("status", OutboxEntryStatus.PENDING)
            .getSingleResult();
    return new Backlog((Long) row[0], (Instant) row[1]);
  }
}
