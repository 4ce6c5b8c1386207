package com.example.customers.keycloak.registration;

import com.example.customers.keycloak.service.SignedPost;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.stream.StreamSupport;
import org.jboss.logging.Logger;
import org.keycloak.models.utils.FormMessage;
import org.keycloak.services.messages.Messages;
import org.keycloak.util.JsonSerialization;

/**
 * The way of a form to the customer service. At most {@value #AT_ONCE} wait for it at a time on a
 * node: a service that hangs must not take the threads of those who sign in.
 */
final class RegistrationDoor {

  static final String LIMITED = "customerRegistrationLimited";
  static final String UNAVAILABLE = "customerRegistrationUnavailable";
  static final String INVALID = "customerRegistrationInvalid";
  static final int AT_ONCE = 20;

  private static final Logger LOG = Logger.getLogger(RegistrationDoor.class);

  /** The service's words for the fields of the form; it names no others that the form has. */
  private static final Map<String, String> FIELDS =
      Map.of("email", "email", "givenName", "firstName", "familyName", "lastName");

  private final Function<String, SignedPost.Reply> post;
  private final Semaphore places = new Semaphore(AT_ONCE);

  /**
   * @param post sends JSON to the service
   */
  RegistrationDoor(Function<String, SignedPost.Reply> post) {
    this.post = post;
  }

  /** What to show beside the form; nothing when the service has taken it. */
  List<FormMessage> send(RegistrationForm form) {
    if (!places.tryAcquire()) {
      LOG.warnf("a registration is refused: %d others wait for the customer service", AT_ONCE);
      return List.of(new FormMessage(null, UNAVAILABLE));
    }
    try {
      return messages(post.apply(form.json()));
    } finally {
      places.release();
    }
  }

  private static List<FormMessage> messages(SignedPost.Reply reply) {
    if (reply.taken()) {
      return List.of();
    }
    if (reply.status() == 429) {
      return List.of(new FormMessage(null, LIMITED));
    }
    if (reply.status() == 422) {
      return refused(reply.body());
    }
    LOG.warnf("a registration did not reach the customer service (%s)", reply.trouble());
    return List.of(new FormMessage(null, UNAVAILABLE));
  }

  /** {@code {"issues":[{"path":"email"}]}}: a message at each field, or one above the form. */
  private static List<FormMessage> refused(String body) {
    List<FormMessage> found = List.of();
    try {
      found =
          StreamSupport.stream(
                  JsonSerialization.mapper.readTree(body).path("issues").spliterator(), false)
              .map(issue -> FIELDS.get(issue.path("path").asText()))
              .filter(field -> field != null)
              .distinct()
              .map(RegistrationDoor::atField)
              .toList();
    } catch (IOException e) {
      LOG.warn("the customer service refused a registration and did not say why");
    }
    return found.isEmpty() ? List.of(new FormMessage(null, INVALID)) : found;
  }

  private static FormMessage atField(String field) {
    return new FormMessage(field, field.equals("email") ? Messages.INVALID_EMAIL : INVALID);
  }
}
