package com.example.customers.keycloak.sms;

import com.example.customers.keycloak.sms.TextMessageDoor.Answer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.keycloak.common.util.Time;
import org.keycloak.models.SingleUseObjectProvider;

/**
 * Makes and judges codes of one purpose for one user. They lie in Keycloak's store of things that
 * are used once, which all nodes share: a keyed hash, good for {@value #LIFETIME} s, for {@value
 * #TRIES} tries, for one use.
 */
final class SmsCodes {

  static final int LIFETIME = 300;
  static final int TRIES = 5;
  static final int PAUSE = 30;

  /** Another code was sent a moment ago. */
  static final String TOO_SOON = "customerSmsTooSoon";

  private static final String HASH = "hash";
  private static final String NUMBER = "number";
  private static final String ID = "id";
  private static final String UNTIL = "until";
  private static final int CODES = 1_000_000;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final SingleUseObjectProvider store;
  private final TextMessageDoor door;
  private final SecretKeySpec key;
  private final String place;

  /**
   * @param key under which codes are hashed: six digits alone could be tried out by whoever reads
   *     the store
   * @param owner realm and user
   */
  SmsCodes(
      SingleUseObjectProvider store,
      TextMessageDoor door,
      String key,
      CodePurpose purpose,
      String owner) {
    this.store = store;
    this.door = door;
    this.key = new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA256");
    this.place = "customer-sms." + purpose.word() + "." + owner;
  }

  /** Who asks for a code, and where it goes. */
  record Asked(CodePurpose purpose, String number, String locale, String ip, String customer) {

    TextMessageOrder order(String code) {
      return new TextMessageOrder(purpose.word(), number, code, locale, ip, customer);
    }

    /** A record's own text would print the number. */
    @Override
    public String toString() {
      return "Asked[" + purpose + "]";
    }
  }

  /** Sends a new code, which replaces an older one. At most one in {@value #PAUSE} s. */
  Answer send(Asked asked) {
    String pause = place + ".pause";
    if (!store.putIfAbsent(pause, PAUSE)) {
      return new Answer(null, TOO_SOON);
    }
    String code = String.format("%06d", RANDOM.nextInt(CODES));
    Answer answer = door.send(asked.order(code));
    if (!answer.isSent()) {
      store.remove(pause);
      return answer;
    }
    String id = UUID.randomUUID().toString();
    String until = Long.toString(Time.currentTimeMillis() + LIFETIME * 1000L);
    store.remove(place);
    store.put(
        place,
        LIFETIME,
        Map.of(HASH, hash(id, code), NUMBER, answer.number(), ID, id, UNTIL, until));
    return answer;
  }

  /** Where the code that waits was sent; empty when none waits. */
  Optional<String> waiting() {
    return Optional.ofNullable(store.get(place)).filter(SmsCodes::isFresh).map(c -> c.get(NUMBER));
  }

  /**
   * The number that proved itself; empty for a wrong, used or old code, and after {@value #TRIES}
   * tries for the right one too. Of several at once, one is right.
   */
  Optional<String> judge(String typed) {
    Map<String, String> code = store.get(place);
    if (typed == null || code == null || !isFresh(code)) {
      return Optional.empty();
    }
    if (!takeTry(code.get(ID))) {
      store.remove(place);
      return Optional.empty();
    }
    byte[] wanted = code.get(HASH).getBytes(StandardCharsets.US_ASCII);
    String digits = typed.replaceAll("\\s", "");
    byte[] given = hash(code.get(ID), digits).getBytes(StandardCharsets.US_ASCII);
    if (!MessageDigest.isEqual(wanted, given) || !use(code.get(ID))) {
      return Optional.empty();
    }
    store.remove(place + ".pause");
    door.proven(code.get(NUMBER));
    return Optional.of(code.get(NUMBER));
  }

  /**
   * A counter would lose tries that come at the same time: each takes a place, and there are so
   * many.
   */
  private boolean takeTry(String id) {
    for (int n = 1; n <= TRIES; n++) {
      if (store.putIfAbsent(place + "." + id + "." + n, LIFETIME)) {
        return true;
      }
    }
    return false;
  }

  /** By a mark of its own: what is removed may be a newer code already. */
  private boolean use(String id) {
    boolean first = store.putIfAbsent(place + "." + id + ".used", LIFETIME);
    store.remove(place);
    return first;
  }

  private static boolean isFresh(Map<String, String> code) {
    return Time.currentTimeMillis() < Long.parseLong(code.get(UNTIL));
  }

  private String hash(String id, String code) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      String text = place + "\0" + id + "\0" + code;
      return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HmacSHA256 is missing from this JDK", e);
    }
  }
}
