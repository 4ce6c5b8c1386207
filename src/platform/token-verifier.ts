import { createHash } from 'node:crypto';
import {
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Clock } from './clock.ts';

/** What a verified access token says. */
export interface Claims {
  readonly issuer: string;
  readonly subject: string;
  readonly sid?: string;
  /** Role names of our audience as they stand in the token, unknown ones among them. */
  readonly permissions: readonly string[];
  readonly acr?: string;
  readonly authTime?: number;
  readonly clientId: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  /** Whether a client speaks for itself, without a person. */
  readonly service: boolean;
  readonly emailVerified?: boolean;
}

/** Whose tokens count. */
export interface TokenAccess {
  /** `iss`, exactly. */
  readonly issuer: string;
  /** Where the issuer's keys are. */
  readonly keysUrl: string;
  readonly audience: string;
  /** Clients (`azp`) whose tokens count. */
  readonly clients: readonly string[];
  /** Reads what another kind of issuer writes; without it: Keycloak's. */
  readonly foreign?: ForeignReader;
}

/** Reads the claims of a token whose signature, issuer, audience and times are good; null for one that does not count. */
export type ForeignReader = (payload: JWTPayload, access: TokenAccess) => Claims | null;

/** The issuer's keys cannot be had, so no token can be judged. */
export class KeysUnavailable extends Error {
  readonly code = 'KEYS_UNAVAILABLE';
  constructor(cause: unknown) {
    super('The keys of the issuer cannot be read.', { cause });
    this.name = 'KeysUnavailable';
  }
}

/** Judges access tokens. */
export interface TokenVerifier {
  /**
   * The claims of a good token, or null for any other.
   *
   * @throws KeysUnavailable when the issuer does not answer and no key is known yet
   */
  verify(token: string): Promise<Claims | null>;
  /** Drops what is remembered, so that every token is judged anew. */
  forget(): void;
}

const form = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const mostBytes = 8192;
const longestSeconds = 86_400;
const leewaySeconds = 5;

const claimed = z.object({
  typ: z.literal('Bearer'),
  sub: z.uuid(),
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
  iat: z.number(),
  azp: z.string(),
  sid: z.string().min(1).max(255).optional(),
  client_id: z.string().optional().catch(undefined),
  acr: z.string().optional().catch(undefined),
  auth_time: z.number().optional().catch(undefined),
  email_verified: z.boolean().optional().catch(undefined),
  events: z.undefined().optional(),
  nonce: z.undefined().optional(),
  cnf: z.undefined().optional(),
});

function rolesOf(payload: JWTPayload, audience: string): readonly string[] {
  const access: unknown = payload['resource_access'];
  if (typeof access !== 'object' || access === null || !Object.hasOwn(access, audience)) return [];
  const roles = z.object({ roles: z.array(z.string()) }).safeParse((access as Record<string, unknown>)[audience]);
  return roles.success ? roles.data.roles : [];
}

/** `impossible`: the issuer never writes such a token for us, though it has signed this one. */
function claimsOf(
  payload: JWTPayload,
  { issuer, audience, clients }: TokenAccess,
  now: number,
): Claims | 'impossible' | null {
  const parsed = claimed.safeParse(payload);
  if (!parsed.success) return 'impossible';
  const { sub, exp, iat, azp, sid, client_id: client, acr, auth_time: authTime, email_verified: proven } = parsed.data;
  // A client that asked for itself says so; a token of nobody's session that does not is nobody's.
  const service = sid === undefined && client === azp;
  if (sid === undefined && !service) return 'impossible';
  if (exp > Math.min(now, iat) + longestSeconds || iat > now + leewaySeconds) return 'impossible';
  if (!clients.includes(azp)) return null;
  return {
    issuer,
    subject: sub,
    permissions: rolesOf(payload, audience),
    clientId: azp,
    expiresAt: exp,
    issuedAt: iat,
    service,
    ...(sid === undefined ? {} : { sid }),
    ...(acr === undefined ? {} : { acr }),
    ...(authTime === undefined ? {} : { authTime }),
    ...(proven === undefined ? {} : { emailVerified: proven }),
  };
}

/** Members that say the body is something else than the claims themselves (ASVS 9.1.3, RFC 8725 §3.11). */
const wrapping = ['b64', 'zip', 'cty', 'enc'];

/** Without a name of its key the library takes any that fits. */
function isPlain(header: JWTHeaderParameters): boolean {
  const { typ, kid } = header;
  return (typ === 'JWT' || typ === 'at+jwt') && typeof kid === 'string' && !wrapping.some((name) => name in header);
}

function readClaims(payload: JWTPayload, access: TokenAccess, now: number): ReturnType<typeof claimsOf> {
  if (!access.foreign) return claimsOf(payload, access, now);
  const claims = access.foreign(payload, access);
  return claims && claims.expiresAt <= now + longestSeconds && claims.issuedAt <= now + leewaySeconds ? claims : null;
}

const judged = /^ERR_(JWT|JWS|JOSE|JWE|JWK_INVALID|JWKS_NO_MATCHING|JWKS_MULTIPLE)/;

/** jose's word for a token that is bad, as opposed to keys that could not be read. */
function isBadToken(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  if (code === 'ERR_JOSE_GENERIC') return false;
  return (typeof code === 'string' && judged.test(code)) || error instanceof TypeError || error instanceof SyntaxError;
}

const digest = (token: string): string => createHash('sha256').update(token).digest('base64url');
const canonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;

/**
 * RS256 alone, with the keys of the configured issuer alone (design, decision 22). Keeps what it verified until it expires.
 *
 * @param onImpossible  hears of a token with a good signature whose claims cannot be
 */
export function createTokenVerifier(access: TokenAccess, clock: Clock, onImpossible = (): void => {}): TokenVerifier {
  // An unknown key makes it read them anew; by age alone an outage of the issuer would become one of ours (ten minutes by default).
  const options = { cooldownDuration: 5_000, timeoutDuration: 3_000, cacheMaxAge: Number.POSITIVE_INFINITY };
  const remote = createRemoteJWKSet(new URL(access.keysUrl), options);
  const keys: JWTVerifyGetKey = async (header, token) => {
    try {
      return await remote(header, token);
    } catch (error) {
      // A refused connection is a TypeError of fetch, which says nothing of the token.
      throw error instanceof errors.JOSEError ? error : new KeysUnavailable(error);
    }
  };
  return createVerifier(access, clock, { keys, onImpossible });
}

interface Judging {
  readonly keys: JWTVerifyGetKey;
  readonly onImpossible: () => void;
}

function createVerifier(access: TokenAccess, clock: Clock, { keys, onImpossible }: Judging): TokenVerifier {
  const known = new LRUCache<string, Claims>({ max: 20_000 });
  const judge = async (token: string): Promise<Claims | null> => {
    const now = clock.now();
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      algorithms: ['RS256'],
      issuer: access.issuer,
      audience: access.audience,
      requiredClaims: ['exp', 'iat', 'sub', 'azp'],
      clockTolerance: leewaySeconds,
      currentDate: now,
    });
    const claims = isPlain(protectedHeader) ? readClaims(payload, access, now.getTime() / 1000) : 'impossible';
    if (claims !== 'impossible') return claims;
    onImpossible();
    return null;
  };
  return {
    async verify(token) {
      if (token.length > mostBytes || !form.test(token) || !token.split('.').every(canonical)) return null;
      const id = digest(token);
      const before = known.get(id);
      if (before) return before.expiresAt > clock.now().getTime() / 1000 ? before : null;
      try {
        const claims = await judge(token);
        if (claims) known.set(id, claims);
        return claims;
      } catch (error) {
        if (isBadToken(error)) return null;
        throw error instanceof KeysUnavailable ? error : new KeysUnavailable(error);
      }
    },
    forget: () => known.clear(),
  };
}
