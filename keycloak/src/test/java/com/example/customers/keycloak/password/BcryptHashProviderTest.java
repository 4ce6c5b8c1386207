package com.example.customers.keycloak.password;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.keycloak.models.credential.PasswordCredentialModel;

final class BcryptHashProviderTest {

  private final HashingQueue queue = new HashingQueue(1, HashingQueue.PATIENCE);
  private final BcryptHashProvider provider =
      new BcryptHashProvider(queue, IllegalStateException::new);

  @Test
  @DisplayName("a credential says algorithm, cost and scheme, and frees its core")
  void credential() {
    PasswordCredentialModel plain = provider.encodedCredential("vier ganz normale Wörter", 10);
    PasswordCredentialModel longer = provider.encodedCredential("lang ".repeat(20), 10);

    assertEquals("bcrypt", plain.getPasswordCredentialData().getAlgorithm());
    assertEquals(10, plain.getPasswordCredentialData().getHashIterations());
    assertNull(plain.getPasswordCredentialData().getAdditionalParameters().getFirst("pre"));
    assertEquals(
        "hmac-sha384",
        longer.getPasswordCredentialData().getAdditionalParameters().getFirst("pre"));
    assertTrue(provider.verify("lang ".repeat(20), longer));
    assertFalse(provider.verify("lang ".repeat(19), longer));
    assertEquals(1, queue.free());
  }

  @Test
  @DisplayName("without a cost in the policy it is 12")
  void standardCost() {
    assertEquals(
        12,
        provider
            .encodedCredential("vier ganz normale Wörter", -1)
            .getPasswordCredentialData()
            .getHashIterations());
  }
}
