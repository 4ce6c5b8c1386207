package com.example.customers.keycloak.sms;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.customers.keycloak.service.SignedPost.Reply;
import com.example.customers.keycloak.sms.SmsCodes.Asked;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.keycloak.common.util.Time;
import org.keycloak.models.SingleUseObjectProvider;
import org.keycloak.util.JsonSerialization;

final class SmsCodesTest {

  private static final String NUMBER = "+4915112345678";

  private final Store store = new Store();
  private final List<String> orders = new ArrayList<>();
  private final List<String> reports = new ArrayList<>();
  private Reply reply = new Reply(202, "{\"number\":\"" + NUMBER + "\"}", "HTTP 202");

  private final TextMessageDoor door =
      new TextMessageDoor(
          json -> {
            orders.add(json);
            return reply;
          },
          json -> {
            reports.add(json);
            return new Reply(202, "{}", "HTTP 202");
          },
          Runnable::run);

  /** A store as Keycloak's, whose things grow old with Keycloak's clock. */
  private static final class Store implements SingleUseObjectProvider {

    private record Entry(Map<String, String> notes, long until) {}

    private final Map<String, Entry> entries = new ConcurrentHashMap<>();
    private CyclicBarrier readers = new CyclicBarrier(1);

    private void forgetOld() {
      entries.values().removeIf(entry -> entry.until() <= Time.currentTimeMillis());
    }

    @Override
    public void put(String key, long seconds, Map<String, String> notes) {
      entries.put(key, new Entry(notes, Time.currentTimeMillis() + seconds * 1000));
    }

    @Override
    public Map<String, String> get(String key) {
      forgetOld();
      Map<String, String> notes =
          Optional.ofNullable(entries.get(key)).map(Entry::notes).orElse(null);
      try {
        readers.await();
      } catch (InterruptedException | BrokenBarrierException e) {
        throw new IllegalStateException(e);
      }
      return notes;
    }

    @Override
    public Map<String, String> remove(String key) {
      forgetOld();
      return Optional.ofNullable(entries.remove(key)).map(Entry::notes).orElse(null);
    }

    @Override
    public boolean replace(String key, Map<String, String> notes) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean putIfAbsent(String key, long seconds) {
      forgetOld();
      Entry made = new Entry(Map.of(), Time.currentTimeMillis() + seconds * 1000);
      return entries.putIfAbsent(key, made) == null;
    }

    @Override
    public boolean contains(String key) {
      return get(key) != null;
    }

    @Override
    public void close() {}
  }

  @AfterEach
  void now() {
    Time.setOffset(0);
  }

  private SmsCodes codes(CodePurpose purpose, String user) {
    return new SmsCodes(store, door, "k".repeat(32), purpose, "realm." + user);
  }

  private SmsCodes hers() {
    return codes(CodePurpose.SIGN_IN, "ada");
  }

  private static Asked asked() {
    return new Asked(CodePurpose.SIGN_IN, NUMBER, "de", "203.0.113.7", "ada");
  }

  /** Sends a code, and reads it where it went. */
  private String sent() throws Exception {
    assertTrue(hers().send(asked()).isSent());
    return JsonSerialization.mapper.readTree(orders.get(orders.size() - 1)).path("code").asText();
  }

  private static String other(String code) {
    return code.startsWith("1") ? "2" + code.substring(1) : "1" + code.substring(1);
  }

  @Test
  @DisplayName("a code is good once, and who it proved is told")
  void once() throws Exception {
    String code = sent();

    assertTrue(code.matches("\\d{6}"));
    assertEquals(Optional.of(NUMBER), hers().judge(code.substring(0, 3) + " " + code.substring(3)));
    assertEquals(List.of("{\"number\":\"" + NUMBER + "\"}"), reports);
    assertEquals(Optional.empty(), hers().judge(code));
  }

  @Test
  @DisplayName("of many at the same time, one is let in")
  void together() throws Exception {
    String code = sent();
    store.readers = new CyclicBarrier(SmsCodes.TRIES);
    ExecutorService people = Executors.newFixedThreadPool(SmsCodes.TRIES);
    List<Future<Optional<String>>> all = new ArrayList<>();
    for (int n = 0; n < SmsCodes.TRIES; n++) {
      all.add(people.submit(() -> hers().judge(code)));
    }

    int right = 0;
    for (Future<Optional<String>> one : all) {
      right += one.get().isPresent() ? 1 : 0;
    }
    people.shutdown();
    assertEquals(1, right);
  }

  @Test
  @DisplayName("after five wrong tries the right one is refused too")
  void tries() throws Exception {
    String code = sent();
    for (int n = 0; n < SmsCodes.TRIES; n++) {
      assertEquals(Optional.empty(), hers().judge(other(code)));
    }

    assertEquals(Optional.empty(), hers().judge(code));
    assertEquals(List.of(), reports);
  }

  @Test
  @DisplayName("the fifth try may be right, and tries at the same time all count")
  void fifth() throws Exception {
    String code = sent();
    ExecutorService people = Executors.newFixedThreadPool(8);
    List<Future<Optional<String>>> all = new ArrayList<>();
    for (int n = 0; n < SmsCodes.TRIES - 1; n++) {
      all.add(people.submit(() -> hers().judge(other(code))));
    }
    for (Future<Optional<String>> one : all) {
      one.get();
    }
    people.shutdown();

    assertTrue(hers().judge(code).isPresent());
  }

  @Test
  @DisplayName("a code of somebody else or for another purpose is wrong")
  void foreign() throws Exception {
    String code = sent();

    assertEquals(Optional.empty(), codes(CodePurpose.SIGN_IN, "bea").judge(code));
    assertEquals(Optional.empty(), codes(CodePurpose.ENROLMENT, "ada").judge(code));
    assertTrue(hers().judge(code).isPresent());
  }

  @Test
  @DisplayName("after five minutes a code is no longer good")
  void old() throws Exception {
    String code = sent();
    Time.setOffset(SmsCodes.LIFETIME - 1);
    assertEquals(Optional.of(NUMBER), hers().waiting());
    Time.setOffset(SmsCodes.LIFETIME);

    assertEquals(Optional.empty(), hers().waiting());
    assertEquals(Optional.empty(), hers().judge(code));
  }

  @Test
  @DisplayName("another code is sent after half a minute, and only it is good then")
  void again() throws Exception {
    String first = sent();
    assertEquals(SmsCodes.TOO_SOON, hers().send(asked()).trouble());
    assertEquals(1, orders.size());
    Time.setOffset(SmsCodes.PAUSE);

    String second = sent();

    assertTrue(first.equals(second) || hers().judge(first).isEmpty());
    assertTrue(hers().judge(second).isPresent());
  }

  @Test
  @DisplayName("who has used hers may sign in anew at once, and so may who got none")
  void atOnce() throws Exception {
    hers().judge(sent());
    reply = new Reply(503, "", "HTTP 503");
    assertEquals(TextMessageDoor.UNAVAILABLE, hers().send(asked()).trouble());
    assertEquals(Optional.empty(), hers().waiting());
    reply = new Reply(202, "{\"number\":\"" + NUMBER + "\"}", "HTTP 202");

    assertTrue(hers().judge(sent()).isPresent());
  }

  @Test
  @DisplayName("neither a code nor what it hashes to without our key lies in the store")
  void hashed() throws Exception {
    String code = sent();
    String stored = store.entries.toString();

    assertFalse(stored.contains(code));
    SmsCodes otherKey = new SmsCodes(store, door, "j".repeat(32), CodePurpose.SIGN_IN, "realm.ada");
    assertEquals(Optional.empty(), otherKey.judge(code));
  }

  @Test
  @DisplayName("what is printed says nothing of number or code")
  void printed() {
    assertEquals("Asked[SIGN_IN]", asked().toString());
    assertEquals("TextMessageOrder", asked().order("123456").toString());
    assertEquals("••• 5678", SmsCredential.masked(NUMBER));
  }
}
