import type { EntityManager } from '@mikro-orm/postgresql';
import type pg from 'pg';
import type { Device } from '../../domain/device.ts';
import type { PlainProof } from '../../domain/credential.ts';
import { leaseSeconds, type SessionState } from '../../domain/session-token.ts';

/** A browser's session as it is stored. The provider's tokens are sealed under the customer's key. */
export interface StoredSession extends SessionState {
  readonly id: string;
  readonly customerId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly sid: string;
  readonly keyId: string;
  readonly sealed: Buffer;
}

/** A new session. */
export interface NewSession extends Omit<
  StoredSession,
  'generation' | 'rotatedAt' | 'lastSeenAt' | 'ended' | 'accountStatus'
> {
  readonly handleHash: Buffer;
  /** When she signed in. */
  readonly startedAt: Date;
  /** When the row is made; later than that after a silent round. */
  readonly at: Date;
  readonly device: Device;
  /** A fresh proof of somebody who has no second factor. */
  readonly proof?: NotedProof | undefined;
}

/** A proof that a session notes, and when it was given. */
export interface NotedProof {
  readonly proof: PlainProof;
  readonly provenAt: Date;
}

/** The right of one replica to refresh a session. A write under an older fence is refused. */
export interface Lease {
  readonly fence: number;
  /** An earlier refresh began and nobody knows how it ended: the provider may have rotated the token. */
  readonly uncertain: boolean;
}

interface Superseded {
  readonly issuer: string;
  readonly sid: string;
  readonly startedAt: string | Date;
  readonly proof: PlainProof | null;
  readonly provenAt: string | Date | null;
}

interface Row extends Omit<StoredSession, 'ended'> {
  readonly endedAt: Date | null;
  readonly handleHash: Buffer;
}

const columns = `s.id, s.customer_id as "customerId", s.issuer, s.subject, s.sid, s.key_id as "keyId", s.sealed,
  s.handle_hash as "handleHash", s.generation, s.rotated_at as "rotatedAt", s.last_seen_at as "lastSeenAt",
  s.expires_at as "expiresAt", s.ended_at as "endedAt", c.status as "accountStatus"`;

/**
 * The session that has one of the hashes, with the position of the hash.
 *
 * @param hashes  from a handle on; see `hashesFrom`
 */
export async function findSession(
  pool: pg.Pool,
  hashes: readonly Buffer[],
): Promise<{ session: StoredSession; usesAgo: number } | undefined> {
  const text = `select ${columns} from session_token s join customer c on c.id = s.customer_id
    where s.handle_hash = any($1::bytea[]) limit 1`;
  const { rows } = await pool.query<Row>({ name: 'session-by-handle', text, values: [hashes] });
  const [row] = rows;
  if (!row) return undefined;
  const { endedAt, handleHash, ...session } = row;
  const usesAgo = hashes.findIndex((hash) => hash.equals(handleHash));
  return { session: { ...session, ended: endedAt !== null }, usesAgo };
}

/** Writes a new session in the transaction of the sign-in. */
export async function insertSession(em: EntityManager, session: NewSession): Promise<void> {
  await em.execute(
    `insert into session_token (id, customer_id, issuer, subject, sid, key_id, sealed, handle_hash, generation,
       rotated_at, started_at, last_seen_at, expires_at, browser, system, country, proof, proven_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      session.id,
      session.customerId,
      session.issuer,
      session.subject,
      session.sid,
      session.keyId,
      session.sealed,
      session.handleHash,
      session.at,
      session.startedAt,
      session.at,
      session.expiresAt,
      session.device.browser ?? null,
      session.device.system ?? null,
      session.device.country ?? null,
      session.proof?.proof ?? null,
      session.proof?.provenAt ?? null,
    ],
    { method: 'run' },
  );
}

/**
 * Takes the right to refresh, unless another replica has it or the handle was used meanwhile. The database's clock decides,
 * since replicas differ.
 */
export async function takeLease(pool: pg.Pool, id: string, generation: number): Promise<Lease | undefined> {
  const text = `update session_token set lease_until = clock_timestamp() + make_interval(secs => $3),
      lease_fence = lease_fence + 1
    where id = $1 and generation = $2 and ended_at is null and (lease_until is null or lease_until < clock_timestamp())
    returning new.lease_fence as fence, old.lease_until is not null as uncertain`;
  const { rows } = await pool.query<Lease>({ name: 'session-lease', text, values: [id, generation, leaseSeconds] });
  return rows[0];
}

/** Gives the right back without a result. The lease stays in the past as the mark that the outcome is unknown. */
export async function abandonLease(pool: pg.Pool, id: string, { fence }: Lease): Promise<void> {
  const text = `update session_token set lease_until = clock_timestamp() - interval '1 millisecond'
    where id = $1 and lease_fence = $2 and lease_until is not null`;
  await pool.query({ name: 'session-lease-abandon', text, values: [id, fence] });
}

/** Stores what the refresh brought. False if another replica has taken the lease since, or the session has ended. */
export async function rotateSession(
  pool: pg.Pool,
  id: string,
  { fence }: Lease,
  next: { handleHash: Buffer; sealed: Buffer; at: Date },
): Promise<boolean> {
  const text = `update session_token set handle_hash = $3, sealed = $4, generation = generation + 1, rotated_at = $5,
      last_seen_at = $5, lease_until = null
    where id = $1 and lease_fence = $2 and ended_at is null`;
  const values = [id, fence, next.handleHash, next.sealed, next.at];
  const { rowCount } = await pool.query({ name: 'session-rotate', text, values });
  return rowCount === 1;
}

/**
 * Ends one browser's session and nothing at the provider: the browser has signed in anew.
 *
 * @returns when it had begun and what it noted as a proof, if it is the same session at the provider
 */
export async function supersedeSession(
  em: EntityManager,
  handleHash: Buffer,
  { issuer, sid, at }: { issuer: string; sid: string; at: Date },
): Promise<{ readonly startedAt: Date; readonly proof: NotedProof | undefined } | undefined> {
  const [ended] = await em.execute<Superseded[]>(
    `update session_token set ended_at = ?, end_reason = 'LOGOUT', sealed = ''::bytea, lease_until = null
     where handle_hash = ? and ended_at is null
     returning issuer, sid, started_at as "startedAt", proof, proven_at as "provenAt"`,
    [at, handleHash],
  );
  if (ended?.issuer !== issuer || ended.sid !== sid) return undefined;
  const { proof, provenAt, startedAt } = ended;
  const noted = proof && provenAt ? { proof, provenAt: new Date(provenAt) } : undefined;
  return { startedAt: new Date(startedAt), proof: noted };
}

/**
 * Ends one browser's session whose tokens are of no use any more. Nothing is revoked. False if another replica has taken
 * the lease since.
 */
export async function giveUpSession(pool: pg.Pool, id: string, { fence }: Lease, at: Date): Promise<boolean> {
  const text = `update session_token set ended_at = $3, end_reason = 'PROVIDER', sealed = ''::bytea, lease_until = null
    where id = $1 and lease_fence = $2 and ended_at is null`;
  const { rowCount } = await pool.query({ name: 'session-give-up', text, values: [id, fence, at] });
  return rowCount === 1;
}
