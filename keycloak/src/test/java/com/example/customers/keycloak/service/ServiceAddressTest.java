package com.example.customers.keycloak.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.keycloak.Config;

final class ServiceAddressTest {

  private static final String KEY = "k".repeat(32);
  private static final String URL = "http://service:4001/internal/keycloak-events";

  private static ServiceAddress of(Map<String, String> options) {
    Config.Scope scope =
        (Config.Scope)
            Proxy.newProxyInstance(
                Config.Scope.class.getClassLoader(),
                new Class<?>[] {Config.Scope.class},
                (proxy, method, args) -> options.get(args[0]));
    return ServiceAddress.of(scope);
  }

  private static String faultOf(Map<String, String> options) {
    return assertThrows(IllegalArgumentException.class, () -> of(options)).getMessage();
  }

  @Test
  @DisplayName("forms of the registration page go beside the events")
  void beside() {
    ServiceAddress service = of(Map.of("url", URL, "key", KEY));

    assertEquals("http://service:4001/internal/registrations", service.registrations().toString());
    assertEquals(URL, service.events().toString());
    assertFalse(service.toString().contains(KEY));
  }

  @Test
  @DisplayName("a missing or weak option is named, and a key is never printed")
  void faults() {
    assertTrue(faultOf(Map.of("key", KEY)).contains("customer-events--url"));
    assertTrue(faultOf(Map.of("url", "ftp://x", "key", KEY)).contains("customer-events--url"));
    assertTrue(faultOf(Map.of("url", URL)).contains("customer-events--key"));
    String weak = faultOf(Map.of("url", URL, "key", "a weak key"));
    assertTrue(weak.contains("at least 32"));
    assertFalse(weak.contains("a weak key"));
  }
}
