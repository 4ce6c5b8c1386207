package com.example.customers.keycloak.service;

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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Sends JSON to one address of the customer service, signed: {@code x-signature: t=<unix
 * seconds>,v1=<hex HMAC-SHA-256 of "t.body">}.
 */
public final class SignedPost {

  private static final Duration CONNECT = Duration.ofSeconds(2);

  private final URI url;
  private final SecretKeySpec key;
  private final Duration patience;
  private final HttpClient http;

  /**
   * @param patience longest wait for the whole answer
   */
  public SignedPost(URI url, String key, Duration patience) {
    this.url = url;
    this.key = new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA256");
    this.patience = patience;
    // HTTP/1.1: the JDK would offer h2c in an Upgrade header, which servers with WebSockets take
    // for one.
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();
  }

  /** What came back: a status and a body, or status 0 and what went wrong. */
  public record Reply(int status, String body, String trouble) {

    static Reply none(String trouble) {
      return new Reply(0, "", trouble);
    }

    /** Whether the receiver has taken what was sent. */
    public boolean taken() {
      return status / 100 == 2;
    }
  }

  /** Never throws: who sends decides what becomes of it. */
  public Reply send(String json) {
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .header("content-type", "application/json")
            .header("x-signature", sign(key, Instant.now().getEpochSecond(), json))
            .POST(HttpRequest.BodyPublishers.ofString(json))
            .build();
    // The timeout of a request ends with its headers, so the whole exchange is waited for instead.
    CompletableFuture<HttpResponse<String>> answer =
        http.sendAsync(request, HttpResponse.BodyHandlers.ofString());
    try {
      HttpResponse<String> got = answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return new Reply(got.statusCode(), got.body(), "HTTP " + got.statusCode());
    } catch (ExecutionException e) {
      Throwable why = e.getCause() instanceof IOException ? e.getCause() : e;
      return Reply.none(why.getClass().getSimpleName());
    } catch (TimeoutException e) {
      answer.cancel(true);
      return Reply.none("no answer in time");
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      return Reply.none("shutting down");
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
