import type pg from 'pg';
import { v7 } from 'uuid';
import type { Clock } from '../platform/clock.ts';

/** A message as it arrived. */
export interface Message {
  /** Unique within its source; a message that comes again is the same. */
  readonly id: string;
  readonly type: string;
  /** Whom it is about, to find what is pending for somebody. */
  readonly subject?: string | undefined;
  readonly payload: unknown;
}

/** A message that is due. `attempts` counts this try already. */
export interface Due extends Message {
  readonly source: string;
  readonly attempts: number;
  /** No try was ever noted as failed: each was the first, or ended with its process. */
  readonly unended: boolean;
}

/** What the inbox needs. */
export interface InboxParts {
  readonly pool: pg.Pool;
  readonly clock: Clock;
}

/** Tries before a message is put aside as a dead letter. */
export const mostAttempts = 12;
const longestDelaySeconds = 300;

/**
 * Keeps messages, each once. They are committed when this resolves, so that the sender may forget them.
 */
export async function receive(
  { pool, clock }: InboxParts,
  source: string,
  messages: readonly Message[],
): Promise<void> {
  if (!messages.length) return;
  await pool.query({
    name: 'inbox_receive',
    text: `insert into inbox (source, message_id, type, subject, payload, received_at, next_attempt_at)
      select $1, m.id, m.type, m.subject, m.payload, $3, $3
      from jsonb_to_recordset($2::jsonb) m (id text, type text, subject text, payload jsonb)
      on conflict do nothing`,
    values: [source, JSON.stringify(messages), clock.now()],
  });
}

/**
 * Takes the messages that are due, the oldest first. The try is counted before it is made, and the message comes back
 * after a growing time unless it is settled: a killed worker loses nothing, and a message that kills it ends aside.
 */
export async function takeDue({ pool, clock }: InboxParts, source: string, most: number): Promise<Due[]> {
  const { rows } = await pool.query<{
    message_id: string;
    type: string;
    subject: string | null;
    payload: unknown;
    attempts: number;
    unended: boolean;
  }>({
    name: 'inbox_take',
    text: `with due as (
        select source, message_id from inbox where source = $1 and done_at is null and next_attempt_at <= $2
        order by next_attempt_at, received_at limit $3 for update skip locked)
      update inbox i set attempts = attempts + 1,
        next_attempt_at = $2::timestamptz + make_interval(secs => least(${longestDelaySeconds}, power(2, least(i.attempts, 10))))
      from due where i.source = due.source and i.message_id = due.message_id
      returning i.message_id, i.type, i.subject, i.payload, i.attempts, i.first_failed_at is null as unended`,
    values: [source, clock.now(), most],
  });
  return rows.map(({ message_id: id, type, subject, payload, attempts, unended }) => {
    const due = { source, id, type, payload, attempts, unended };
    return subject === null ? due : { ...due, subject };
  });
}

/** Marks messages as done. */
export async function settle({ pool, clock }: InboxParts, source: string, ids: readonly string[]): Promise<void> {
  if (!ids.length) return;
  await pool.query({
    name: 'inbox_settle',
    text: 'update inbox set done_at = $3 where source = $1 and message_id = any($2::text[])',
    values: [source, ids, clock.now()],
  });
}

/**
 * Notes a failed try.
 *
 * @param patient  the message may wait a day for what it needs
 * @returns whether it is to be put aside now
 */
export async function fail({ pool, clock }: InboxParts, due: Due, patient = false): Promise<boolean> {
  const { rows } = await pool.query<{ over: boolean }>({
    name: 'inbox_fail',
    text: `update inbox set first_failed_at = coalesce(first_failed_at, $3), last_failed_at = $3
      where source = $1 and message_id = $2 and done_at is null
      returning case when $4 then received_at < $3::timestamptz - interval '24 hours' else attempts >= ${mostAttempts} end as over`,
    values: [due.source, due.id, clock.now(), patient],
  });
  return rows[0]?.over ?? false;
}

/**
 * Makes a dead letter of a message at once, such as a malformed one. One transaction by being one statement.
 *
 * @returns when it failed first and last; undefined when somebody else settled it meanwhile
 */
export async function putAside(
  { pool, clock }: InboxParts,
  due: Due,
  reason: string,
): Promise<{ first: Date; last: Date } | undefined> {
  const { rows } = await pool.query<{ first: Date; last: Date }>({
    name: 'inbox_put_aside',
    text: `with done as (update inbox set done_at = $3 where source = $1 and message_id = $2 and done_at is null
        returning source, message_id, type, payload, attempts, first_failed_at, last_failed_at)
      insert into dead_letter (id, stream, message_id, type, payload, reason, attempts, first_failed_at, last_failed_at)
      select $4, source, message_id, type, payload, $5, attempts, coalesce(first_failed_at, $3), coalesce(last_failed_at, $3) from done
      on conflict (stream, message_id) do update set reason = excluded.reason, attempts = excluded.attempts,
        last_failed_at = excluded.last_failed_at, settled_at = null, outcome = null
      returning first_failed_at as first, last_failed_at as last`,
    values: [due.source, due.id, clock.now(), v7(), reason],
  });
  return rows[0];
}
