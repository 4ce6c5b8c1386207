package com.example.customers.keycloak.users;

import jakarta.persistence.EntityManager;
import jakarta.persistence.LockModeType;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.keycloak.connections.jpa.JpaConnectionProvider;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.RealmModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.jpa.entities.UserAttributeEntity;
import org.keycloak.models.jpa.entities.UserEntity;
import org.keycloak.models.jpa.entities.UserRequiredActionEntity;
import org.keycloak.representations.idm.UserRepresentation;
import org.keycloak.services.ErrorResponse;
import org.keycloak.services.resources.admin.AdminEventBuilder;
import org.keycloak.services.resources.admin.UserResource;
import org.keycloak.services.resources.admin.fgap.AdminPermissionEvaluator;

/**
 * Writes a user as Keycloak's own admin API does, but only while she is as the writer has read her.
 * That API writes a profile whole and knows no condition: what an admin saved between the reading
 * and the writing would be undone without a trace.
 */
public final class ConditionalUsers {

  private final KeycloakSession session;
  private final RealmModel realm;
  private final AdminPermissionEvaluator auth;
  private final AdminEventBuilder adminEvent;

  ConditionalUsers(
      KeycloakSession session,
      RealmModel realm,
      AdminPermissionEvaluator auth,
      AdminEventBuilder adminEvent) {
    this.session = session;
    this.realm = realm;
    this.auth = auth;
    this.adminEvent = adminEvent;
  }

  /**
   * @param seen what the writer has read; only what {@code wanted} replaces is compared
   * @param wanted as in {@code PUT users/{id}}
   */
  public record Write(UserRepresentation seen, UserRepresentation wanted) {}

  /**
   * Answers as {@code PUT users/{id}} does, 404 without such a user, and 412 when she is otherwise
   * than seen.
   */
  @PUT
  @Path("{id}")
  @Consumes(MediaType.APPLICATION_JSON)
  @Produces(MediaType.APPLICATION_JSON)
  public Response write(@PathParam("id") String id, Write write) {
    auth.users().requireManage();
    if (write == null || write.seen() == null || write.wanted() == null) {
      throw ErrorResponse.error("seen and wanted are needed", Response.Status.BAD_REQUEST);
    }
    UserEntity row = locked(id);
    UserModel user = row == null ? null : session.users().getUserById(realm, id);
    if (user == null) {
      throw ErrorResponse.error("User not found", Response.Status.NOT_FOUND);
    }
    if (!isAsSeen(row, write.seen(), write.wanted())) {
      throw ErrorResponse.error(
          "User has changed since she was read", Response.Status.PRECONDITION_FAILED);
    }
    return new UserResource(session, user, auth, adminEvent).updateUser(write.wanted());
  }

  /** Whoever changes her name waits until this transaction has ended. */
  private UserEntity locked(String id) {
    EntityManager em = session.getProvider(JpaConnectionProvider.class).getEntityManager();
    UserEntity row = em.find(UserEntity.class, id, LockModeType.PESSIMISTIC_WRITE);
    return row != null && row.getRealmId().equals(realm.getId()) ? row : null;
  }

  static boolean isAsSeen(UserEntity row, UserRepresentation seen, UserRepresentation wanted) {
    return Stream.of(
            pair(wanted.getUsername(), row.getUsername(), seen.getUsername()),
            pair(wanted.getEmail(), row.getEmail(), seen.getEmail()),
            pair(wanted.getFirstName(), row.getFirstName(), seen.getFirstName()),
            pair(wanted.getLastName(), row.getLastName(), seen.getLastName()),
            pair(wanted.isEmailVerified(), row.isEmailVerified(), seen.isEmailVerified()),
            pair(wanted.isEnabled(), row.isEnabled(), seen.isEnabled()),
            pair(wanted.getAttributes(), attributesOf(row), sorted(seen.getAttributes())),
            pair(wanted.getRequiredActions(), actionsOf(row), sorted(seen.getRequiredActions())))
        .allMatch(same -> same);
  }

  private static boolean pair(Object wanted, Object now, Object seen) {
    return wanted == null || Objects.equals(filled(now), filled(seen));
  }

  /** Keycloak shows nothing for an empty text. */
  private static Object filled(Object value) {
    return "".equals(value) || Map.of().equals(value) || List.of().equals(value) ? null : value;
  }

  private static Map<String, List<String>> attributesOf(UserEntity row) {
    return sorted(
        row.getAttributes().stream()
            .collect(
                Collectors.groupingBy(
                    UserAttributeEntity::getName,
                    Collectors.mapping(UserAttributeEntity::getValue, Collectors.toList()))));
  }

  private static List<String> actionsOf(UserEntity row) {
    return row.getRequiredActions().stream()
        .map(UserRequiredActionEntity::getAction)
        .sorted()
        .toList();
  }

  private static List<String> sorted(List<String> values) {
    return values == null ? null : values.stream().filter(Objects::nonNull).sorted().toList();
  }

  private static Map<String, List<String>> sorted(Map<String, List<String>> attributes) {
    return attributes == null
        ? null
        : attributes.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> sorted(entry.getValue())));
  }
}
