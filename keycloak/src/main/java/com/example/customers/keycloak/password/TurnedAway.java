package com.example.customers.keycloak.password;

import io.micrometer.core.instrument.Metrics;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Map;
import org.keycloak.forms.login.LoginFormsProvider;
import org.keycloak.models.KeycloakContext;
import org.keycloak.models.KeycloakSession;
import org.keycloak.utils.MediaTypeMatcher;

/**
 * 503 with {@code Retry-After}: a page with a sentence for browsers, RFC 6749's {@code
 * temporarily_unavailable} for programs. It is an answer with a body, which passes by Keycloak's
 * handler of errors, and so leaves no stack trace in the log; no password was judged, so nobody's
 * failures are counted.
 */
final class TurnedAway {

  /** The sentence; forms that catch an exception show its message. */
  static final String SENTENCE = "customerBusy";

  private static final int RETRY_AFTER_SECONDS = 5;
  private static final String COUNTER = "customer.passwords.turned.away";

  private TurnedAway() {}

  static WebApplicationException from(KeycloakSession session) {
    Metrics.counter(COUNTER).increment();
    Response body = isBrowser(session) ? page(session) : document();
    Response answer =
        Response.fromResponse(body).header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS).build();
    return new WebApplicationException(SENTENCE, answer);
  }

  /** Somebody at one of Keycloak's forms, or whoever says that she reads pages. */
  private static boolean isBrowser(KeycloakSession session) {
    KeycloakContext context = session.getContext();
    return context.getUri().getPath().contains("/login-actions/")
        || MediaTypeMatcher.isHtmlRequest(context.getRequestHeaders());
  }

  private static Response page(KeycloakSession session) {
    KeycloakContext context = session.getContext();
    LoginFormsProvider form = session.getProvider(LoginFormsProvider.class);
    if (context.getAuthenticationSession() != null) {
      form.setAuthenticationSession(context.getAuthenticationSession());
    }
    return form.setError(SENTENCE).createErrorPage(Response.Status.SERVICE_UNAVAILABLE);
  }

  private static Response document() {
    return Response.status(Response.Status.SERVICE_UNAVAILABLE)
        .type(MediaType.APPLICATION_JSON_TYPE)
        .entity(
            Map.of(
                "error",
                "temporarily_unavailable",
                "error_description",
                "Too many passwords are being checked. Try again in a few seconds."))
        .build();
  }
}
