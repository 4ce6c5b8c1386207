import { createHash } from 'node:crypto';
import KeycloakConnect from 'keycloak-connect';
import { LRUCache } from 'lru-cache';
import { setTimeout as pause } from 'node:timers/promises';
import type { Claims, TokenVerifier } from './token-verifier.ts';

/** How Keycloak is asked about a token. */
export interface GrantAccess {
  readonly url: string;
  readonly realm: string;
  readonly audience: string;
  /** A confidential client of ours that may ask. */
  readonly client: { readonly id: string; readonly secret: string };
}

/** Longest wait for Keycloak's word; without it the signature counts, as for everybody. */
const patienceMs = 1000;
const freshMs = 30_000;
const silentMs = 5000;

function asking({ url, realm, audience, client }: GrantAccess): (token: string) => Promise<boolean> {
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
  return async (token) => {
    const grant = await grantManager.createGrant({ access_token: token } as never);
    const held = grant.access_token as unknown as { content?: { aud?: unknown } } | undefined;
    if (![held?.content?.aud].flat().includes(audience)) return false;
    return (await grantManager.validateAccessToken(token)) !== false;
  };
}

/**
 * A verifier that asks Keycloak itself about the tokens whose misuse would hurt most: five minutes are too stale for
 * them. keycloak-connect judges the grant (issuer, type, audience) and introspects it; jose has judged it before, since
 * alone keycloak-connect accepts more (it knows no allowed clients and no age).
 *
 * @param risky  which tokens are asked about
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
