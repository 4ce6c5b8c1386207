package com.example.customers.keycloak.device;

import jakarta.ws.rs.core.Cookie;
import jakarta.ws.rs.core.NewCookie;
import org.keycloak.models.KeycloakContext;
import org.keycloak.models.KeycloakSession;
import org.keycloak.services.resources.RealmsResource;
import org.keycloak.utils.SecureContextResolver;

/**
 * Where a browser keeps its {@link DeviceSecret}. Keycloak's own kinds of cookies are a closed
 * list.
 */
final class DeviceCookie {

  static final String NAME = "CUSTOMER_TRUSTED_DEVICE";

  private DeviceCookie() {}

  /** What the browser presents; null when it has none. */
  static String read(KeycloakSession session) {
    Cookie cookie = session.getContext().getRequestHeaders().getCookies().get(NAME);
    return cookie == null ? null : cookie.getValue();
  }

  static void write(KeycloakSession session, String secret) {
    KeycloakContext context = session.getContext();
    String path =
        RealmsResource.realmBaseUrl(context.getUri())
            .path("/")
            .build(context.getRealm().getName())
            .getRawPath();
    context
        .getHttpResponse()
        .setCookieIfAbsent(
            new NewCookie.Builder(NAME)
                .value(secret)
                .path(path)
                .maxAge((int) TrustedDevice.LIFETIME.toSeconds())
                .secure(SecureContextResolver.isSecureContext(session))
                .httpOnly(true)
                // Read when her password is posted, from a page of the same site.
                .sameSite(NewCookie.SameSite.STRICT)
                .build());
  }
}
