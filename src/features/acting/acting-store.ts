import type { EntityManager } from '@mikro-orm/postgresql';
import type pg from 'pg';
import type { Acting, Identity } from '../../domain/access.ts';
import type { AccountStatus } from '../../domain/account-status.ts';

/** The session of a staff member: an acting belongs to it, and ends with it. */
export interface StaffSession {
  readonly by: Identity;
  readonly sid: string;
}

/** An acting as it is stored. */
export interface StoredActing extends Acting {
  readonly startedAt: Date;
  /** How the customer stands now. */
  readonly status: AccountStatus;
}

type Row = Omit<StoredActing, 'by'> & { readonly issuer: string; readonly subject: string };

const underWay = `select a.id, a.customer_id as "customerId", a.reason, a.may_write as write, a.issuer, a.subject,
    a.started_at as "startedAt", a.ends_at as until, c.status
  from acting a join customer c on c.id = a.customer_id
  where a.issuer = $1 and a.subject = $2 and a.sid = $3 and a.ended_at is null and a.ends_at > $4`;

/** What is under way in a session; undefined without anything. At most one thing is. */
export async function findActing(
  pool: pg.Pool,
  { by: { issuer, subject }, sid }: StaffSession,
  at: Date,
): Promise<StoredActing | undefined> {
  const values = [issuer, subject, sid, at];
  const { rows } = await pool.query<Row>({ name: 'acting-under-way', text: underWay, values });
  const [row] = rows;
  return row && { ...row, by: { issuer, subject } };
}

/** Stores a new one. False when another one is under way in the session. */
export async function insertActing(
  em: EntityManager,
  acting: Acting,
  { sid, startedAt }: { readonly sid: string; readonly startedAt: Date },
): Promise<boolean> {
  const { id, by, customerId, reason, write, until } = acting;
  const inserted: unknown[] = await em.execute(
    `insert into acting (id, issuer, subject, sid, customer_id, reason, may_write, started_at, ends_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (issuer, sid) where ended_at is null do nothing returning id`,
    [id, by.issuer, by.subject, sid, customerId, reason, write, startedAt, until],
  );
  return inserted.length === 1;
}

/** Ends one. False when it had ended already. */
export async function endActingRow(
  em: EntityManager,
  id: string,
  reason: 'STAFF' | 'REPLACED',
  at: Date,
): Promise<boolean> {
  const ended: unknown[] = await em.execute(
    'update acting set ended_at = ?, end_reason = ? where id = ? and ended_at is null returning id',
    [at, reason, id],
  );
  return ended.length === 1;
}

/** Makes room for a new one where an earlier one ran out without being ended. */
export async function endOverdue(em: EntityManager, { by, sid }: StaffSession, at: Date): Promise<void> {
  await em.execute(
    `update acting set ended_at = ends_at, end_reason = 'TIME'
     where issuer = ? and sid = ? and ended_at is null and ends_at <= ?`,
    [by.issuer, sid, at],
    { method: 'run' },
  );
}
