package com.example.customers.keycloak.password;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;

/**
 * bcrypt ({@code $2b$}) without its two traps: the silent cut at 72 bytes, and costs that hang a
 * server or protect nothing.
 */
final class Bcrypt {

  static final int LOWEST_COST = 10;
  static final int HIGHEST_COST = 16;

  /**
   * The longest password, in UTF-8 bytes, that is hashed as it is: bcrypt reads 72 bytes, of which
   * one is the closing NUL.
   */
  static final int LONGEST_PLAIN = 71;

  private static final int SALT_BYTES = 16;

  /**
   * Keeps what enters bcrypt apart from any other HMAC-SHA-384 of the same password, in case such a
   * list leaks elsewhere.
   */
  private static final byte[] LABEL = "customer-password-v1".getBytes(StandardCharsets.UTF_8);

  private static final SecureRandom RANDOM = new SecureRandom();

  private Bcrypt() {}

  static boolean allows(int cost) {
    return cost >= LOWEST_COST && cost <= HIGHEST_COST;
  }

  /**
   * Whether bcrypt alone would lose a part of this password: it cuts long ones, and reads {@code a}
   * and {@code a\0a} alike.
   */
  static boolean needsPreHash(String password) {
    return password.indexOf('\0') >= 0 || utf8(password).length > LONGEST_PLAIN;
  }

  /**
   * Hashes with a fresh salt.
   *
   * @throws IllegalArgumentException for a cost outside 10 to 16
   */
  static String hash(String password, int cost) {
    if (!allows(cost)) {
      throw new IllegalArgumentException(
          "bcrypt cost "
              + cost
              + " is outside "
              + LOWEST_COST
              + " to "
              + HIGHEST_COST
              + "; set hashIterations(12) in the password policy");
    }
    byte[] salt = new byte[SALT_BYTES];
    RANDOM.nextBytes(salt);
    byte[] input = needsPreHash(password) ? preHash(password) : utf8(password);
    try {
      return OpenBSDBCrypt.generate("2b", input, salt, cost);
    } finally {
      Arrays.fill(input, (byte) 0);
    }
  }

  /**
   * Compares in constant time.
   *
   * @param preHashed what the credential recorded; a plain one never matches a password that bcrypt
   *     would cut
   * @param hash {@code $2a$}, {@code $2b$} or {@code $2y$}; anything else, or a cost outside 10 to
   *     16, matches nothing
   */
  static boolean matches(String password, boolean preHashed, String hash) {
    if (hash == null
        || !hash.matches("\\$2[aby]\\$\\d\\d\\$[./A-Za-z0-9]{53}")
        || !allows(Integer.parseInt(hash.substring(4, 6)))) {
      return false;
    }
    if (!preHashed && needsPreHash(password)) {
      return false;
    }
    byte[] input = preHashed ? preHash(password) : utf8(password);
    try {
      return OpenBSDBCrypt.checkPassword(hash, input);
    } finally {
      Arrays.fill(input, (byte) 0);
    }
  }

  private static byte[] utf8(String password) {
    return password.getBytes(StandardCharsets.UTF_8);
  }

  /** 64 characters of base64: within bcrypt's 72 bytes and without a NUL. */
  private static byte[] preHash(String password) {
    try {
      Mac mac = Mac.getInstance("HmacSHA384");
      mac.init(new SecretKeySpec(LABEL, "HmacSHA384"));
      return Base64.getEncoder().encode(mac.doFinal(utf8(password)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HmacSHA384 is missing from this JDK", e);
    }
  }
}
