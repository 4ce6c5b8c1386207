import type { IncomingHttpHeaders } from 'node:http';
import { type Actor, nobody, type Permission, permissions } from '../domain/access.ts';
import { Forbidden, Unauthenticated, Unavailable } from '../domain/errors.ts';
import type { Config } from '../platform/config.ts';
import type { Revocations } from '../platform/revocations.ts';
import { type Claims, KeysUnavailable, type TokenVerifier } from '../platform/token-verifier.ts';

/** What tells who somebody is. */
export interface ViewerParts {
  readonly config: Pick<Config, 'server'>;
  readonly verifier: TokenVerifier;
  readonly revocations: Revocations;
}

const known: ReadonlySet<string> = new Set(permissions);

/** Whose token it is: a person's staff permissions count only with a second factor, a service never has a record of its own. */
export function actorOf(claims: Claims): Actor {
  const { issuer, subject, clientId, sid, service, acr, authTime, expiresAt, issuedAt } = claims;
  const strong = service || acr === '2';
  const held = claims.permissions.filter((one): one is Permission => known.has(one));
  const counting = held.filter((one) => (one === 'customer:self' ? !service : strong));
  return {
    kind: service ? 'service' : 'person',
    id: service ? clientId : subject,
    permissions: new Set(counting),
    identity: { issuer, subject },
    clientId,
    expiresAt,
    issuedAt,
    ...(sid === undefined ? {} : { sessionId: sid }),
    ...(acr === undefined ? {} : { acr }),
    ...(authTime === undefined ? {} : { authTime }),
  };
}

/** What a token is worth: somebody, or why nobody. */
export type Judged = { readonly actor: Actor } | { readonly refused: 'INVALID' | 'REVOKED' };

/**
 * Tells whose a token is, and why it is nobody's.
 *
 * @throws Unavailable  while its issuer's keys or the list of revocations cannot be read
 */
export async function look({ verifier, revocations }: Omit<ViewerParts, 'config'>, token: string): Promise<Judged> {
  if (!revocations.trusted()) throw new Unavailable(5);
  const claims = await verifier.verify(token).catch((error: unknown) => {
    throw error instanceof KeysUnavailable ? new Unavailable(5) : error;
  });
  if (!claims) return { refused: 'INVALID' };
  return revocations.isRevoked(claims) ? { refused: 'REVOKED' } : { actor: actorOf(claims) };
}

/**
 * Judges one token.
 *
 * @throws Unauthenticated  for anything but a good one that is not revoked
 * @throws Unavailable      while its issuer's keys or the list of revocations cannot be read
 */
export async function judge(parts: Omit<ViewerParts, 'config'>, token: string): Promise<Actor> {
  const judged = await look(parts, token);
  if ('refused' in judged) throw new Unauthenticated();
  return judged.actor;
}

/** The value of `__Host-access`; undefined without one. @throws Unauthenticated when there are several */
export function accessCookie(header: string | undefined): string | undefined {
  const values = (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith('__Host-access='))
    .map((part) => part.slice('__Host-access='.length));
  if (values.length > 1) throw new Unauthenticated();
  return values[0] || undefined;
}

/** The token of an `authorization` header; undefined without one. @throws Unauthenticated for a header that is no bearer */
export function bearerOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, token] = /^Bearer ([^\s,]+)$/i.exec(header) ?? [];
  if (!token) throw new Unauthenticated();
  return token;
}

/** Whether a page of ours may have sent this. */
export function isOurOrigin({ server }: Pick<Config, 'server'>, origin: string | undefined): boolean {
  return origin !== undefined && (origin === server.publicUrl || server.allowedOrigins.includes(origin));
}

/** What of a request says who asks. */
export interface Credentials {
  readonly headers: IncomingHttpHeaders;
  /** The request changes something, or is one to the graph: then a cookie alone proves nothing (ASVS 3.5.1). */
  readonly guarded: boolean;
}

/**
 * Who asks: by bearer or by cookie, never by both, since one of them may be somebody else's.
 *
 * @throws Unauthenticated, Forbidden, Unavailable
 */
export async function viewerOf(parts: ViewerParts, { headers, guarded }: Credentials): Promise<Actor> {
  const bearer = bearerOf(headers.authorization);
  const cookie = accessCookie(headers.cookie);
  if (bearer && cookie) throw new Unauthenticated();
  if (cookie && guarded) {
    const origin = headers.origin;
    const ours =
      isOurOrigin(parts.config, origin) || (origin === undefined && headers['sec-fetch-site'] === 'same-origin');
    if (headers['x-csrf'] !== '1' || !ours) throw new Forbidden();
  }
  const token = bearer ?? cookie;
  return token ? judge(parts, token) : nobody;
}
