import { decodeJwt, type JWTPayload } from 'jose';
import { z } from 'zod';
import type { Claims, ForeignReader, TokenVerifier } from './token-verifier.ts';

const claimed = z.object({
  // Auth0 has none; where there is one, an ID or a refresh token says so.
  typ: z.literal('Bearer').optional(),
  sub: z.string().min(1).max(255),
  exp: z.number(),
  iat: z.number(),
  azp: z.string(),
  sid: z.string().min(1).max(255).optional(),
  events: z.undefined().optional(),
  nonce: z.undefined().optional(),
  cnf: z.undefined().optional(),
});

/**
 * What a token of the second issuer is worth: the right to one's own record, at level 1, whatever it says of roles,
 * levels, times of proof, names or addresses (design, decision 29).
 */
export const readForeign: ForeignReader = (payload: JWTPayload, { issuer, clients }): Claims | null => {
  const parsed = claimed.safeParse(payload);
  if (!parsed.success || !clients.includes(parsed.data.azp)) return null;
  const { sub, exp, iat, azp, sid } = parsed.data;
  return {
    issuer,
    subject: sub,
    permissions: ['customer:self'],
    acr: '1',
    clientId: azp,
    expiresAt: exp,
    issuedAt: iat,
    service: false,
    ...(sid === undefined ? {} : { sid }),
  };
};

/** The issuer a token names, before anybody has looked at its signature; undefined for what is no token. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** Where a token of the second issuer is judged. */
export interface Fallback {
  readonly issuer: string;
  readonly verifier: TokenVerifier;
  /** Whether the identity is linked with an account that is open. Asked each time: a link that is gone counts at once. */
  readonly isOpen: (identity: { readonly issuer: string; readonly subject: string }) => Promise<boolean>;
}

/**
 * Tokens of two issuers, each judged by its own keys. Those of the second count only for whoever was linked beforehand:
 * nobody becomes a customer by one, and no address in it leads anywhere.
 */
export function withFallback(inner: TokenVerifier, { issuer, verifier, isOpen }: Fallback): TokenVerifier {
  return {
    async verify(token) {
      if (issuerOf(token) !== issuer) return inner.verify(token);
      const claims = await verifier.verify(token);
      return claims && (await isOpen(claims)) ? claims : null;
    },
    forget() {
      inner.forget();
      verifier.forget();
    },
  };
}
