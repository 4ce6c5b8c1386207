package com.example.customers.keycloak.password;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Cost 10 throughout: what is tested does not depend on it, and cost 12 takes four times as long.
 */
final class BcryptTest {

  private static final int COST = 10;

  @Test
  @DisplayName("a password opens what it closed, another does not, and no two hashes are alike")
  void roundTrip() {
    String hash = Bcrypt.hash("vier ganz normale Wörter", COST);

    assertTrue(hash.startsWith("$2b$10$"));
    assertTrue(Bcrypt.matches("vier ganz normale Wörter", false, hash));
    assertFalse(Bcrypt.matches("vier ganz normale Worter", false, hash));
    assertNotEquals(hash, Bcrypt.hash("vier ganz normale Wörter", COST));
  }

  @Test
  @DisplayName("71 bytes are hashed as they are, 72 are not, counted in UTF-8")
  void border() {
    assertFalse(Bcrypt.needsPreHash("x".repeat(71)));
    assertTrue(Bcrypt.needsPreHash("x".repeat(72)));
    assertTrue(Bcrypt.needsPreHash("ü".repeat(36)));
    assertTrue(Bcrypt.needsPreHash("a\0a"));
  }

  @Test
  @DisplayName("a long password is not cut: another tail is another password")
  void notCut() {
    String start = "x".repeat(72);
    String hash = Bcrypt.hash(start + "one tail", COST);

    assertTrue(Bcrypt.matches(start + "one tail", true, hash));
    assertFalse(Bcrypt.matches(start + "another", true, hash));
    assertFalse(Bcrypt.matches(start + "one tail", false, hash));
  }

  @Test
  @DisplayName("costs outside 10 to 16 are refused, when hashing and when reading")
  void costs() {
    assertThrows(IllegalArgumentException.class, () -> Bcrypt.hash("vier ganz normale Wörter", 9));
    assertThrows(
        IllegalArgumentException.class, () -> Bcrypt.hash("vier ganz normale Wörter", 27500));
    String cheap = Bcrypt.hash("vier ganz normale Wörter", COST).replace("$10$", "$04$");
    String endless = cheap.replace("$04$", "$31$");
    assertFalse(Bcrypt.matches("vier ganz normale Wörter", false, cheap));
    assertFalse(Bcrypt.matches("vier ganz normale Wörter", false, endless));
  }

  @Test
  @DisplayName("what is no bcrypt hash matches nothing")
  void malformed() {
    for (String hash :
        new String[] {
          null, "", "$2b$10$short", "$argon2id$v=19$m=7168", "vier ganz normale Wörter"
        }) {
      assertFalse(Bcrypt.matches("vier ganz normale Wörter", false, hash));
    }
    assertEquals(60, Bcrypt.hash("vier ganz normale Wörter", COST).length());
  }
}
