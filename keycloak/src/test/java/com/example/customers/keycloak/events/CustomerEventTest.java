package com.example.customers.keycloak.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.keycloak.events.Details;
import org.keycloak.events.Event;
import org.keycloak.events.EventType;
import org.keycloak.events.admin.AdminEvent;
import org.keycloak.events.admin.OperationType;
import org.keycloak.events.admin.ResourceType;
import org.keycloak.util.JsonSerialization;

final class CustomerEventTest {

  private static final CustomerEvent.Actor STAFF =
      new CustomerEvent.Actor("staff", "s1", "security-admin-console");

  private static Event user(EventType type) {
    Event event = new Event();
    event.setType(type);
    event.setUserId("u1");
    event.setSessionId("s1");
    event.setClientId("customer-bff");
    event.setIpAddress("203.0.113.7");
    event.setTime(5);
    return event;
  }

  private static Optional<CustomerEvent> admin(
      ResourceType resource, OperationType operation, String path) {
    AdminEvent event = new AdminEvent();
    event.setResourceType(resource);
    event.setOperationType(operation);
    event.setResourcePath(path);
    event.setRepresentation("{\"firstName\":\"Ada\"}");
    return CustomerEvent.of(event, "e1", "customer", STAFF);
  }

  @Test
  @DisplayName("an event carries ids, type, time and actor, and nothing else")
  void onlyIds() throws Exception {
    Event event = user(EventType.UPDATE_PROFILE);
    event.setDetails(Map.of("updated_first_name", "Ada"));

    String json =
        JsonSerialization.writeValueAsString(
            CustomerEvent.of(event, "e1", "customer").orElseThrow());

    assertEquals(
        "{\"id\":\"e1\",\"realm\":\"customer\",\"kind\":\"user\",\"type\":\"UPDATE_PROFILE\",\"userId\":\"u1\",\"sessionId\":\"s1\",\"time\":5,"
            + "\"actor\":{\"type\":\"customer\",\"id\":\"u1\",\"clientId\":\"customer-bff\"}}",
        json);
  }

  @Test
  @DisplayName(
      "what was set up or removed to sign in with is named by its kind, and nothing else is")
  void credentialType() {
    Event event = user(EventType.UPDATE_CREDENTIAL);
    event.setDetails(Map.of(Details.CREDENTIAL_TYPE, "otp", "credential_user_label", "Ada"));

    CustomerEvent told = CustomerEvent.of(event, "e1", "customer").orElseThrow();

    assertEquals("otp", told.credentialType());
    assertFalse(told.toString().contains("Ada"));
    event.setType(EventType.UPDATE_PROFILE);
    assertNull(CustomerEvent.of(event, "e1", "customer").orElseThrow().credentialType());
  }

  @Test
  @DisplayName("sign-ins, refreshes, failures and sessions that ran out are no changes")
  void noise() {
    for (EventType type :
        new EventType[] {
          EventType.LOGIN,
          EventType.REFRESH_TOKEN,
          EventType.CODE_TO_TOKEN,
          EventType.UPDATE_PROFILE_ERROR
        }) {
      assertFalse(CustomerEvent.of(user(type), "e1", "customer").isPresent(), type.name());
    }
    Event ranOut = user(EventType.USER_SESSION_DELETED);
    ranOut.setDetails(Map.of(Details.REASON, Details.USER_SESSION_EXPIRED_REASON));
    assertFalse(CustomerEvent.of(ranOut, "e1", "customer").isPresent());
    Event removed = user(EventType.USER_SESSION_DELETED);
    removed.setDetails(Map.of(Details.REASON, Details.INVALID_USER_SESSION_REMEMBER_ME_REASON));
    assertEquals(
        "system", CustomerEvent.of(removed, "e1", "customer").orElseThrow().actor().type());
  }

  @Test
  @DisplayName("an account that is locked for a while is told, as a deed of the system")
  void lockout() {
    Event event = user(EventType.USER_DISABLED_BY_TEMPORARY_LOCKOUT);
    event.setSessionId(null);

    CustomerEvent told = CustomerEvent.of(event, "e1", "customer").orElseThrow();

    assertEquals("USER_DISABLED_BY_TEMPORARY_LOCKOUT", told.type());
    assertEquals("system", told.actor().type());
  }

  @Test
  @DisplayName("what staff do is named by the resource and the deed")
  void deeds() {
    assertEquals(
        "USER_UPDATE",
        admin(ResourceType.USER, OperationType.UPDATE, "users/u1").orElseThrow().type());
    assertEquals(
        "USER_FEDERATED_IDENTITY_DELETE",
        admin(ResourceType.USER, OperationType.DELETE, "users/u1/federated-identity/auth0")
            .orElseThrow()
            .type());
    assertEquals(
        "u1",
        admin(ResourceType.USER, OperationType.UPDATE, "conditional-users/u1")
            .orElseThrow()
            .userId());
    assertEquals(
        "USER_LOGOUT",
        admin(ResourceType.USER, OperationType.ACTION, "users/u1/logout").orElseThrow().type());
    assertEquals(
        "USER_RESET_PASSWORD",
        admin(ResourceType.USER, OperationType.ACTION, "users/u1/reset-password")
            .orElseThrow()
            .type());
    assertEquals(
        "REALM_ROLE_MAPPING_CREATE",
        admin(ResourceType.REALM_ROLE_MAPPING, OperationType.CREATE, "users/u1/role-mappings/realm")
            .orElseThrow()
            .type());
  }

  @Test
  @DisplayName("a role that is given is told by its client, one that gives more by itself")
  void roles() {
    CustomerEvent given =
        admin(
                ResourceType.CLIENT_ROLE_MAPPING,
                OperationType.CREATE,
                "users/u1/role-mappings/clients/c1")
            .orElseThrow();

    assertEquals("CLIENT_ROLE_MAPPING_CREATE", given.type());
    assertEquals("u1", given.userId());
    assertEquals("c1", given.roleClientId());
    assertEquals(
        "GROUP_MEMBERSHIP_CREATE",
        admin(ResourceType.GROUP_MEMBERSHIP, OperationType.CREATE, "users/u1/groups/g1")
            .orElseThrow()
            .type());
    assertEquals(
        "REALM_ROLE_WIDENED",
        admin(ResourceType.REALM_ROLE, OperationType.CREATE, "roles-by-id/r1/composites")
            .orElseThrow()
            .type());
    assertEquals(
        "REALM_ROLE_MAPPING_WIDENED",
        admin(
                ResourceType.REALM_ROLE_MAPPING,
                OperationType.CREATE,
                "groups/g1/role-mappings/realm")
            .orElseThrow()
            .type());
    assertFalse(
        admin(ResourceType.REALM_ROLE, OperationType.DELETE, "roles-by-id/r1/composites")
            .isPresent());
    assertFalse(admin(ResourceType.REALM_ROLE, OperationType.CREATE, "roles/new").isPresent());
  }

  @Test
  @DisplayName("the end of one session, and of all")
  void sessions() {
    CustomerEvent one =
        admin(ResourceType.USER_SESSION, OperationType.DELETE, "sessions/s9").orElseThrow();
    CustomerEvent all = admin(ResourceType.REALM, OperationType.ACTION, "logout-all").orElseThrow();

    assertEquals("s9", one.sessionId());
    assertNull(one.userId());
    assertEquals("REALM_LOGOUT_ALL", all.type());
    assertTrue(all.userId() == null && all.sessionId() == null);
  }

  @Test
  @DisplayName("changes of clients, groups and the realm concern no user")
  void elsewhere() {
    assertFalse(admin(ResourceType.CLIENT, OperationType.CREATE, "clients/c1").isPresent());
    assertFalse(admin(ResourceType.GROUP, OperationType.UPDATE, "groups/g1").isPresent());
    assertFalse(admin(ResourceType.REALM, OperationType.UPDATE, null).isPresent());
  }
}
