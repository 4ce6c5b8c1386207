import { createHash, createHmac } from 'node:crypto';
import { statusRules } from './access.ts';
import type { AccountStatus } from './account-status.ts';

/** What a browser holds instead of a token: 256 bits in base64url. Only its hash is stored (design, decision 6). */
export type SessionHandle = string & { readonly __brand: 'SessionHandle' };

/** Why a session is over; the words of the column `end_reason`. */
export type SessionEnd = 'LOGOUT' | 'PROVIDER' | 'EXPIRED' | 'REUSE' | 'STATUS' | 'STAFF' | 'TAKEOVER';

/** How long the successor of a used handle is handed out again, in seconds: the answer to the first use may be lost. */
export const graceSeconds = 30;

/** How long one replica may hold the right to refresh, in seconds. Longer than the call to the provider may take. */
export const leaseSeconds = 5;

/** How many uses back a handle is still recognised as stolen rather than unknown. */
export const rememberedUses = 1000;

/** How long a session may be left alone, and how long it may last at all, in seconds. */
export interface SessionLimits {
  readonly idleSeconds: number;
  readonly maxSeconds: number;
}

/** What is needed to judge a handle. */
export interface SessionState {
  readonly generation: number;
  readonly rotatedAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly ended: boolean;
  readonly accountStatus: AccountStatus;
}

/**
 * What a presented handle is worth: the current one, the one before it within the grace, one that was used up before
 * (somebody has a copy), or that of a session that is over.
 */
export type Standing = 'current' | 'previous' | 'reused' | 'over' | 'expired' | 'closed';

/** A handle from 32 random bytes. */
export function handleFrom(bytes: Uint8Array): SessionHandle {
  if (bytes.length !== 32) throw new RangeError('A handle has 32 bytes.');
  return Buffer.from(bytes).toString('base64url') as SessionHandle;
}

/** Reads a handle as a cookie carries it; undefined unless it is the canonical spelling of 32 bytes. */
export function parseHandle(text: string | undefined): SessionHandle | undefined {
  if (!text || !/^[\w-]{43}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? (text as SessionHandle) : undefined;
}

/** What is stored of a handle. It has full entropy, so that a plain hash cannot be guessed back. */
export function hashOfHandle(handle: SessionHandle): Buffer {
  return createHash('sha256').update('session-handle\0').update(handle).digest();
}

/** The handle that follows. Derived, so that two replicas which answer the same request give out the same one. */
export function successorOf(handle: SessionHandle, key: Uint8Array): SessionHandle {
  return handleFrom(createHmac('sha256', key).update('session-successor\0').update(handle).digest());
}

/**
 * The hashes under which a session may be stored that once had this handle: the handle's own first, then those of its
 * successors. The position is how many uses ago the handle was current.
 *
 * @param uses  how many uses to look ahead
 */
export function hashesFrom(handle: SessionHandle, key: Uint8Array, uses: number): Buffer[] {
  const hashes: Buffer[] = [];
  for (let next = handle, n = 0; n <= uses; n += 1, next = successorOf(next, key)) hashes.push(hashOfHandle(next));
  return hashes;
}

/**
 * What the handle is worth now.
 *
 * @param usesAgo  how many uses ago the handle was the session's current one; see {@link hashesFrom}
 */
export function standingOf(session: SessionState, usesAgo: number, limits: SessionLimits, now: Date): Standing {
  if (session.ended) return 'over';
  if (now >= endOf(session, limits)) return 'expired';
  if (!statusRules[session.accountStatus].signIn) return 'closed';
  if (usesAgo === 0) return 'current';
  const sinceUse = now.getTime() - session.rotatedAt.getTime();
  return usesAgo === 1 && sinceUse <= graceSeconds * 1000 ? 'previous' : 'reused';
}

/** When the session is over unless somebody uses it before. */
export function endOf(session: Pick<SessionState, 'lastSeenAt' | 'expiresAt'>, limits: SessionLimits): Date {
  const idle = session.lastSeenAt.getTime() + limits.idleSeconds * 1000;
  return new Date(Math.min(idle, session.expiresAt.getTime()));
}
