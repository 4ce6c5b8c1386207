package com.example.customers.keycloak.events;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Sends batches to the receiver, each with {@code x-signature: t=<unix seconds>,v1=<hex
 * HMAC-SHA-256 of "t.body">}.
 */
final class SignedPost {

  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration REQUEST = Duration.ofSeconds(5);

  private final URI url;
  private final SecretKeySpec key;
  private final HttpClient http;

  SignedPost(URI url, String key) {
    this.url = url;
    this.key = new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA256");
    // HTTP/1.1: the JDK would offer h2c in an Upgrade header, which servers with WebSockets take
    // for one.
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();
  }

  /** Empty once the receiver has answered 2xx; otherwise why not. */
  Optional<String> send(List<String> events) {
    String body = "{\"events\":[" + String.join(",", events) + "]}";
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .timeout(REQUEST)
            .header("content-type", "application/json")
            .header("x-signature", sign(key, Instant.now().getEpochSecond(), body))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try {
      int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
      return status / 100 == 2 ? Optional.empty() : Optional.of("HTTP " + status);
    } catch (IOException e) {
      return Optional.of(e.getClass().getSimpleName());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("shutting down");
    }
  }

  static String sign(SecretKeySpec key, long seconds, String body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      byte[] digest = mac.doFinal((seconds + "." + body).getBytes(StandardCharsets.UTF_8));
      return "t=" + seconds + ",v1=" + HexFormat.of().formatHex(digest);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HmacSHA256 is missing from this JDK", e);
    }
  }
}
