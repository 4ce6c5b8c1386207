package com.example.customers.keycloak.events;

import com.example.customers.keycloak.proof.EverProven;
import java.util.UUID;
import org.keycloak.events.Event;
import org.keycloak.events.EventListenerProvider;
import org.keycloak.events.admin.AdminEvent;
import org.keycloak.events.admin.AuthDetails;
import org.keycloak.models.AbstractKeycloakTransaction;
import org.keycloak.models.ClientModel;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;

/**
 * Turns each change into a row of the outbox, in the transaction of the change, and marks accounts
 * that were proven.
 */
final class CustomerEventsListener implements EventListenerProvider {

  private final KeycloakSession session;
  private final Runnable afterCommit;
  private boolean willKick;

  CustomerEventsListener(KeycloakSession session, Runnable afterCommit) {
    this.session = session;
    this.afterCommit = afterCommit;
  }

  @Override
  public void onEvent(Event event) {
    if (event.getUserId() != null && EverProven.concerns(event.getType())) {
      RealmModel realm = session.realms().getRealm(event.getRealmId());
      EverProven.note(session.users().getUserById(realm, event.getUserId()));
    }
    CustomerEvent.of(
            event,
            UUID.randomUUID().toString(),
            realmName(event.getRealmId(), event.getRealmName()))
        .ifPresent(change -> write(event.getRealmId(), change));
  }

  @Override
  public void onEvent(AdminEvent event, boolean includeRepresentation) {
    CustomerEvent.of(
            event,
            UUID.randomUUID().toString(),
            realmName(event.getRealmId(), event.getRealmName()),
            actor(event.getAuthDetails()))
        .ifPresent(change -> write(event.getRealmId(), change));
  }

  @Override
  public void close() {}

  /**
   * Writes in the prepare step, not at once: Keycloak swallows what a listener throws, and a
   * transaction that is merely marked for rollback still answers 201. An exception in the prepare
   * step fails the commit, so there is no change without its row.
   */
  private void write(String realmId, CustomerEvent change) {
    session
        .getTransactionManager()
        .enlistPrepare(
            new AbstractKeycloakTransaction() {
              @Override
              protected void commitImpl() {
                new Outbox(session).write(realmId, change);
              }

              @Override
              protected void rollbackImpl() {}
            });
    if (willKick) {
      return;
    }
    willKick = true;
    session
        .getTransactionManager()
        .enlistAfterCompletion(
            new AbstractKeycloakTransaction() {
              @Override
              protected void commitImpl() {
                afterCommit.run();
              }

              @Override
              protected void rollbackImpl() {}
            });
  }

  private String realmName(String realmId, String known) {
    return known != null ? known : session.realms().getRealm(realmId).getName();
  }

  private CustomerEvent.Actor actor(AuthDetails by) {
    if (by == null || by.getUserId() == null) {
      return new CustomerEvent.Actor("system", null, null);
    }
    RealmModel realm = by.getRealmId() == null ? null : session.realms().getRealm(by.getRealmId());
    UserModel user = realm == null ? null : session.users().getUserById(realm, by.getUserId());
    ClientModel client =
        realm == null || by.getClientId() == null
            ? null
            : session.clients().getClientById(realm, by.getClientId());
    boolean service = user != null && user.getServiceAccountClientLink() != null;
    return new CustomerEvent.Actor(
        service ? "service" : "staff",
        by.getUserId(),
        client == null ? null : client.getClientId());
  }
}
