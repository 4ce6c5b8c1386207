package com.example.customers.keycloak.events;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.keycloak.events.Details;
import org.keycloak.events.Event;
import org.keycloak.events.EventType;
import org.keycloak.events.admin.AdminEvent;
import org.keycloak.events.admin.OperationType;
import org.keycloak.events.admin.ResourceType;

/**
 * What leaves Keycloak about a change: ids, type, time and actor, never a value. It says "look at
 * this user again" or "this session has ended"; the receiver reads the rest.
 *
 * @param id of this event, the receiver's idempotency key
 * @param realm its name
 * @param kind {@code user}: somebody did it to their own account; {@code admin}: done through the
 *     admin API
 * @param type for {@code user} Keycloak's event type; for {@code admin} the resource and what was
 *     done to it, such as {@code USER_UPDATE}, {@code USER_LOGOUT}, {@code USER_SESSION_DELETE},
 *     {@code REALM_LOGOUT_ALL}; {@code REALM_ROLE_WIDENED} and the like where a role or a group got
 *     more roles, and whoever holds it with it
 * @param userId absent when only a session is known, or all are meant
 * @param roleClientId the key of the client one of whose roles a user was given or lost
 * @param sessionId present when this session has ended, or was in use
 * @param credentialType Keycloak's word for what was set up or removed to sign in with, such as
 *     {@code otp}; no value of it
 * @param time milliseconds since 1970, stamped before the commit
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record CustomerEvent(
    String id,
    String realm,
    String kind,
    String type,
    String resourceType,
    String operation,
    String userId,
    String roleClientId,
    String sessionId,
    String credentialType,
    long time,
    Actor actor) {

  /** Who did it. {@code clientId} is the client's name, not its key. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Actor(String type, String id, String clientId) {}

  /**
   * Sign-ins and refreshes are absent on purpose: they change nothing that we keep, a thousand
   * times a second. An account that is locked for a while changes nothing either, but counts as an
   * incident; it comes once a lock, and not for each wrong password.
   */
  private static final Set<EventType> CHANGES =
      EnumSet.of(
          EventType.REGISTER,
          EventType.VERIFY_EMAIL,
          EventType.UPDATE_EMAIL,
          EventType.UPDATE_PROFILE,
          EventType.VERIFY_PROFILE,
          EventType.DELETE_ACCOUNT,
          EventType.UPDATE_CREDENTIAL,
          EventType.REMOVE_CREDENTIAL,
          EventType.RESET_PASSWORD,
          EventType.EXECUTE_ACTIONS,
          EventType.EXECUTE_ACTION_TOKEN,
          EventType.CUSTOM_REQUIRED_ACTION,
          EventType.FEDERATED_IDENTITY_LINK,
          EventType.FEDERATED_IDENTITY_OVERRIDE_LINK,
          EventType.REMOVE_FEDERATED_IDENTITY,
          EventType.IDENTITY_PROVIDER_FIRST_LOGIN,
          EventType.USER_DISABLED_BY_PERMANENT_LOCKOUT,
          EventType.USER_DISABLED_BY_TEMPORARY_LOCKOUT,
          EventType.LOGOUT,
          EventType.REVOKE_GRANT,
          EventType.USER_SESSION_DELETED);

  /** Where users are written: Keycloak's own place, and that of {@code ConditionalUsers}. */
  private static final Set<String> USERS = Set.of("users", "conditional-users");

  private static final Set<EventType> BY_THE_SYSTEM =
      EnumSet.of(
          EventType.USER_DISABLED_BY_PERMANENT_LOCKOUT,
          EventType.USER_DISABLED_BY_TEMPORARY_LOCKOUT,
          EventType.USER_SESSION_DELETED);

  /**
   * Empty for what is no change. A session that merely ran out is none: its tokens ran out before
   * it, and there are as many of these as sign-ins.
   */
  static Optional<CustomerEvent> of(Event event, String id, String realm) {
    boolean ranOut =
        event.getDetails() != null
            && Details.USER_SESSION_EXPIRED_REASON.equals(event.getDetails().get(Details.REASON));
    if (!CHANGES.contains(event.getType())
        || ranOut
        || (event.getUserId() == null && event.getSessionId() == null)) {
      return Optional.empty();
    }
    Actor actor =
        BY_THE_SYSTEM.contains(event.getType())
            ? new Actor("system", null, null)
            : new Actor("customer", event.getUserId(), event.getClientId());
    return Optional.of(
        new CustomerEvent(
            id,
            realm,
            "user",
            event.getType().name(),
            null,
            null,
            event.getUserId(),
            null,
            event.getSessionId(),
            credentialType(event),
            event.getTime(),
            actor));
  }

  private static String credentialType(Event event) {
    boolean ofCredential =
        event.getType() == EventType.UPDATE_CREDENTIAL
            || event.getType() == EventType.REMOVE_CREDENTIAL;
    return ofCredential && event.getDetails() != null
        ? event.getDetails().get(Details.CREDENTIAL_TYPE)
        : null;
  }

  /** Empty for what concerns neither a user nor a session, nor what roles give. */
  static Optional<CustomerEvent> of(AdminEvent event, String id, String realm, Actor actor) {
    String[] path =
        event.getResourcePath() == null ? new String[0] : event.getResourcePath().split("/");
    String userId = path.length > 1 && USERS.contains(path[0]) ? path[1] : null;
    String sessionId =
        path.length > 1 && event.getResourceType() == ResourceType.USER_SESSION ? path[1] : null;
    boolean everybody = path.length == 1 && path[0].equals("logout-all");
    boolean widens = widens(event.getOperationType(), path);
    if (userId == null && sessionId == null && !everybody && !widens) {
      return Optional.empty();
    }
    String resource = event.getResourceTypeAsString();
    String operation = event.getOperationType().name();
    String done =
        widens
            ? "WIDENED"
            : event.getOperationType() == OperationType.ACTION
                ? action(path, everybody)
                : path.length > 2 && path[2].equals("federated-identity")
                    ? "FEDERATED_IDENTITY_" + operation
                    : operation;
    boolean ofClient = event.getResourceType() == ResourceType.CLIENT_ROLE_MAPPING;
    String roleClientId = ofClient && userId != null && path.length > 4 ? path[4] : null;
    return Optional.of(
        new CustomerEvent(
            id,
            realm,
            "admin",
            resource + "_" + done,
            resource,
            operation,
            userId,
            roleClientId,
            sessionId,
            null,
            event.getTime(),
            actor));
  }

  /**
   * {@code roles-by-id/{id}/composites}: a role that consists of more from now on; {@code
   * groups/{id}/role-mappings/…}: a group that brings more.
   */
  private static boolean widens(OperationType operation, String[] path) {
    boolean ofRole = path.length > 1 && path[path.length - 1].equals("composites");
    boolean ofGroup =
        path.length > 2 && path[0].equals("groups") && path[2].equals("role-mappings");
    return operation == OperationType.CREATE && (ofRole || ofGroup);
  }

  /**
   * {@code users/{id}/reset-password} is RESET_PASSWORD: the segment after the id, which is
   * Keycloak's own word and no value.
   */
  private static String action(String[] path, boolean everybody) {
    String word = everybody ? path[0] : path.length > 2 ? path[2] : OperationType.ACTION.name();
    return word.toUpperCase(Locale.ROOT).replace('-', '_');
  }
}
