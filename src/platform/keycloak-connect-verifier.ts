import { createHash } from 'node:crypto';
import KeycloakConnect from 'keycloak-connect';
import { LRUCache } from 'lru-cache';
import { setTimeout as pause } from 'node:timers/promises';
import type { Claims, TokenVerifier } from './token-verifier.ts';

/** What the second opinion rests on. */
export interface GrantAccess {
  /** Where Keycloak is reached, which need not be where browsers see it. */
  readonly url: string;
  /** `iss` of its tokens. */
  readonly issuer: string;
  readonly realm: string;
  readonly audience: string;
  /** A client of ours, in whose name keycloak-connect speaks. */
  readonly client: { readonly id: string; readonly secret: string };
}

/** Longest wait for keycloak-connect to read Keycloak's keys; without them jose's word counts, as for everybody. */
const patienceMs = 1000;
const freshMs = 30_000;
const silentMs = 5000;

/** Its word on a token, as opposed to keys that it could not read. */
const refusal = /Reason: invalid token/;

function asking({ url, issuer, realm, audience, client }: GrantAccess): (token: string) => Promise<boolean> {
  const settings = {
    realm,
    'auth-server-url': url,
    resource: client.id,
    credentials: { secret: client.secret },
    'bearer-only': true,
    'ssl-required': 'external',
    'confidential-port': 0,
  };
  const { grantManager } = new KeycloakConnect({}, settings);
  // It takes the address it calls for the issuer; the keys are still read from the former.
  Object.assign(grantManager, { realmUrl: issuer });
  return async (token) => {
    const grant = await grantManager.createGrant({ access_token: token } as never).catch((error: unknown) => {
      if (error instanceof Error && refusal.test(error.message)) return undefined;
      throw error;
    });
    if (!grant) return false;
    const held = grant.access_token as unknown as { content?: { aud?: unknown } } | undefined;
    return [held?.content?.aud].flat().includes(audience);
  };
}

/**
 * A verifier with a second opinion on the tokens whose misuse would hurt most: jose judges them first, then
 * keycloak-connect the grant (issuer, type, audience, signature by Keycloak's keys), since alone it accepts more (it knows
 * no allowed clients and no age). Keycloak's introspection is not asked: it calls tokens inactive whose audience is not
 * the client that asks, and `customer-api` is no client that could (seen at 26.7.3).
 *
 * @param risky  which tokens get it
 */
export function createGrantVerifier(
  inner: TokenVerifier,
  access: GrantAccess,
  risky: (claims: Claims) => boolean,
): TokenVerifier {
  const ask = asking(access);
  const active = new LRUCache<string, boolean>({ max: 1000, ttl: freshMs });
  return {
    async verify(token) {
      const claims = await inner.verify(token);
      if (!claims || !risky(claims)) return claims;
      const id = createHash('sha256').update(token).digest('base64url');
      const known = active.get(id);
      if (known !== undefined) return known ? claims : null;
      // Keycloak away or hung: whoever is signed in stays until the token ends (revocations still count).
      const word = await Promise.race([
        ask(token).catch(() => undefined),
        pause(patienceMs, undefined, { ref: false }),
      ]);
      // A hung Keycloak is not waited for again at once.
      active.set(id, word ?? true, word === undefined ? { ttl: silentMs } : {});
      return word === false ? null : claims;
    },
    forget() {
      active.clear();
      inner.forget();
    },
  };
}
