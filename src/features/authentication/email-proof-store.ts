import type { EntityManager } from '@mikro-orm/postgresql';
import type pg from 'pg';
import type { Identity } from '../../domain/access.ts';

/** A session of ours by which somebody asks. */
export interface AskingSession {
  readonly id: string;
  readonly customerId: string;
  /** When a code was last asked for; null when none waits. */
  readonly askedAt: Date | null;
}

/** The session by which she asks; undefined when it is none of ours, or over. */
export async function askingSession(
  pool: pg.Pool,
  { issuer, subject }: Identity,
  sid: string,
): Promise<AskingSession | undefined> {
  const text = `select s.id, s.customer_id as "customerId", c.asked_at as "askedAt"
    from session_token s left join session_code c on c.session_id = s.id
    where s.issuer = $1 and s.sid = $2 and s.subject = $3 and s.ended_at is null
    order by s.last_seen_at desc, s.id limit 1`;
  const values = [issuer, sid, subject];
  return (await pool.query<AskingSession>({ name: 'session-code-asking', text, values })).rows[0];
}

/** A code is asked for, and an earlier one is void. False when the last one was asked for after `since`. */
export async function askForCode(
  em: EntityManager,
  sessionId: string,
  { at, since }: { readonly at: Date; readonly since: Date },
): Promise<boolean> {
  const asked = await em.execute<unknown[]>(
    `insert into session_code (session_id, asked_at) values (?, ?)
     on conflict (session_id) do update set asked_at = excluded.asked_at, hash = null, expires_at = null, tries = 0
       where session_code.asked_at <= ?
     returning session_id`,
    [sessionId, at, since],
  );
  return asked.length === 1;
}

/**
 * The code that goes out now counts, and no other.
 *
 * @returns whose session it is; undefined when no code is wanted any more
 */
export async function keepCode(
  pool: pg.Pool,
  sessionId: string,
  { hash, expiresAt }: { readonly hash: Buffer; readonly expiresAt: Date },
): Promise<string | undefined> {
  const text = `update session_code c set hash = $2, expires_at = $3, tries = 0
    from session_token s where c.session_id = $1 and s.id = c.session_id and s.ended_at is null
    returning s.customer_id as "customerId"`;
  const values = [sessionId, hash, expiresAt];
  return (await pool.query<{ customerId: string }>({ name: 'session-code-keep', text, values })).rows[0]?.customerId;
}

/** Takes one of so many tries. Undefined when no code is waited for, or none is left. */
export async function takeTry(
  pool: pg.Pool,
  sessionId: string,
  { at, tries }: { readonly at: Date; readonly tries: number },
): Promise<{ readonly hash: Buffer; readonly left: number } | undefined> {
  const text = `update session_code set tries = tries + 1
    where session_id = $1 and expires_at > $2 and tries < $3 returning hash, $3::int - tries as left`;
  const values = [sessionId, at, tries];
  return (await pool.query<{ hash: Buffer; left: number }>({ name: 'session-code-try', text, values })).rows[0];
}

/** Uses the code up and notes the proof on its session, in one statement: of several at once, one is first. */
export async function noteProof(pool: pg.Pool, sessionId: string, hash: Buffer, at: Date): Promise<boolean> {
  const text = `with used as (delete from session_code where session_id = $1 and hash = $2 returning session_id)
    update session_token s set proof = 'EMAIL_CODE', proven_at = $3
    from used where s.id = used.session_id and s.ended_at is null`;
  const values = [sessionId, hash, at];
  return (await pool.query({ name: 'session-code-prove', text, values })).rowCount === 1;
}
