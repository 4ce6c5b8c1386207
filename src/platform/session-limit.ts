import type { Clock } from './clock.ts';
import type { Claims, TokenVerifier } from './token-verifier.ts';

/** How long a browser's session may last, in seconds, and whose tokens are those of browsers. */
export interface SessionLimit {
  readonly client: string;
  readonly idleSeconds: number;
  readonly maxSeconds: number;
}

/** A token is fetched at each use of a session, and a session lasts from the proof on: both stand in the token. */
function endOf(
  { expiresAt, issuedAt, authTime = issuedAt }: Claims,
  { idleSeconds, maxSeconds }: SessionLimit,
): number {
  return Math.min(expiresAt, issuedAt + idleSeconds, authTime + maxSeconds);
}

/**
 * A browser's token ends with its session, though the provider gave it longer: no request and no open stream outlives
 * the idle or the absolute limit.
 */
export function withinSession(verifier: TokenVerifier, limit: SessionLimit, clock: Clock): TokenVerifier {
  return {
    async verify(token) {
      const claims = await verifier.verify(token);
      if (claims?.clientId !== limit.client) return claims;
      const expiresAt = endOf(claims, limit);
      return expiresAt > clock.now().getTime() / 1000 ? { ...claims, expiresAt } : null;
    },
    forget: () => verifier.forget(),
  };
}
