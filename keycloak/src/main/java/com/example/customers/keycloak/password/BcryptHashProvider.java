package com.example.customers.keycloak.password;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.keycloak.common.util.MultivaluedHashMap;
import org.keycloak.credential.hash.PasswordHashProvider;
import org.keycloak.models.PasswordPolicy;
import org.keycloak.models.credential.PasswordCredentialModel;
import org.keycloak.models.credential.dto.PasswordCredentialData;

/**
 * Hashes customer passwords with bcrypt, cost 12 (spec §5). Selected by the realm's password policy
 * {@code hashAlgorithm(bcrypt)}.
 */
final class BcryptHashProvider implements PasswordHashProvider {

  static final int DEFAULT_COST = 12;

  private static final String PRE_HASH = "pre";
  private static final String HMAC_SHA_384 = "hmac-sha384";

  private final HashingQueue queue;
  private final Supplier<? extends RuntimeException> refusal;

  /**
   * @param refusal makes what is thrown when no core was free in time
   */
  BcryptHashProvider(HashingQueue queue, Supplier<? extends RuntimeException> refusal) {
    this.queue = queue;
    this.refusal = refusal;
  }

  @Override
  public PasswordCredentialModel encodedCredential(String rawPassword, int iterations) {
    int cost = costFor(iterations);
    String hash = queue.run(() -> Bcrypt.hash(rawPassword, cost), refusal);
    Map<String, List<String>> parameters =
        Bcrypt.needsPreHash(rawPassword) ? Map.of(PRE_HASH, List.of(HMAC_SHA_384)) : Map.of();
    return PasswordCredentialModel.createFromValues(
        BcryptHashProviderFactory.ID, new byte[0], cost, parameters, hash);
  }

  /**
   * False makes Keycloak hash anew at the next sign-in. A cost that is not allowed asks for
   * nothing: setting a password says what is wrong.
   */
  @Override
  public boolean policyCheck(PasswordPolicy policy, PasswordCredentialModel credential) {
    PasswordCredentialData data = credential.getPasswordCredentialData();
    int cost = costFor(policy.getHashIterations());
    return BcryptHashProviderFactory.ID.equals(data.getAlgorithm())
        && (data.getHashIterations() == cost || !Bcrypt.allows(cost));
  }

  @Override
  public boolean verify(String rawPassword, PasswordCredentialModel credential) {
    MultivaluedHashMap<String, String> parameters =
        credential.getPasswordCredentialData().getAdditionalParameters();
    String scheme = parameters == null ? null : parameters.getFirst(PRE_HASH);
    if (scheme != null && !scheme.equals(HMAC_SHA_384)) {
      return false;
    }
    String hash = credential.getPasswordSecretData().getValue();
    return queue.run(() -> Bcrypt.matches(rawPassword, scheme != null, hash), refusal);
  }

  @Override
  public void close() {}

  private static int costFor(int iterations) {
    return iterations == -1 ? DEFAULT_COST : iterations;
  }
}
