import { z } from 'zod';

/** What our listener in Keycloak delivers of a change: ids, type, time and actor (keycloak/README.md). */
export const delivery = z.object({
  id: z.string().min(1).max(64),
  realm: z.string().max(255),
  kind: z.enum(['user', 'admin']),
  type: z.string().min(1).max(100),
  userId: z.string().min(1).max(64).optional(),
  /** Keycloak's key of the client one of whose roles was given or taken. */
  roleClientId: z.string().min(1).max(64).optional(),
  sessionId: z.string().min(1).max(128).optional(),
  /** Keycloak's word for what somebody signs in with, where the change is one of that. */
  credentialType: z.string().max(64).optional(),
  /** Milliseconds since 1970, stamped before Keycloak's commit. */
  time: z.number().int().min(0),
  actor: z.object({
    type: z.enum(['customer', 'staff', 'service', 'system']),
    id: z.string().max(64).optional(),
    clientId: z.string().max(255).optional(),
  }),
});

/** One delivered change. */
export type Delivery = z.infer<typeof delivery>;

/** What a change asks of us. */
export type Meaning =
  | { readonly what: 'session-ended'; readonly sid: string }
  | { readonly what: 'sessions-ended'; readonly subject: string }
  | { readonly what: 'all-sessions-ended' }
  | { readonly what: 'look-again'; readonly subject: string; readonly deleted: boolean }
  | { readonly what: 'nothing' };

const endsSession = new Set(['LOGOUT', 'USER_SESSION_DELETED', 'USER_SESSION_DELETE']);
/** It changes nothing of hers that we keep, and is counted. */
const locksForAWhile = 'USER_DISABLED_BY_TEMPORARY_LOCKOUT';
const locksOut: ReadonlySet<string> = new Set([locksForAWhile, 'USER_DISABLED_BY_PERMANENT_LOCKOUT']);
const deletes = new Set(['USER_DELETE', 'DELETE_ACCOUNT']);

/** Reads a change: everything but the end of sessions means only that the user must be looked at again. */
export function meaningOf({ type, userId, sessionId }: Delivery): Meaning {
  if (type === 'REALM_LOGOUT_ALL') return { what: 'all-sessions-ended' };
  if (endsSession.has(type) && sessionId) return { what: 'session-ended', sid: sessionId };
  if (type === 'USER_LOGOUT' && userId) return { what: 'sessions-ended', subject: userId };
  if (type === locksForAWhile) return { what: 'nothing' };
  if (userId) return { what: 'look-again', subject: userId, deleted: deletes.has(type) };
  return { what: 'nothing' };
}

/** Whether Keycloak locked an account after too many wrong passwords or codes. */
export const isLockout = ({ type }: Delivery): boolean => locksOut.has(type);
