import type { InboxParts } from './inbox.ts';

/** A message that could not be taken in. Its payload stays in the database: it may hold what nobody checked. */
export interface DeadLetter {
  readonly id: string;
  readonly stream: string;
  readonly messageId: string;
  readonly type: string | null;
  readonly reason: string;
  readonly attempts: number;
  readonly firstFailedAt: Date;
  readonly lastFailedAt: Date;
}

const columns = `id, stream, message_id as "messageId", type, reason, attempts, first_failed_at as "firstFailedAt", last_failed_at as "lastFailedAt"`;

/** The newest letters that nobody has settled, at most `most`. */
export async function openLetters({ pool }: Pick<InboxParts, 'pool'>, most = 100): Promise<DeadLetter[]> {
  const { rows } = await pool.query<DeadLetter>(
    `select ${columns} from dead_letter where settled_at is null order by last_failed_at desc, id limit $1`,
    [most],
  );
  return rows;
}

/** One letter, settled or not; undefined if there is none. */
export async function findLetter({ pool }: Pick<InboxParts, 'pool'>, id: string): Promise<DeadLetter | undefined> {
  const { rows } = await pool.query<DeadLetter>(`select ${columns} from dead_letter where id = $1`, [id]);
  return rows[0];
}

/** Puts a letter's message back into the inbox, to be tried as if it were new. False if there is no open letter. */
export async function replay({ pool, clock }: InboxParts, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with letter as (update dead_letter set settled_at = $2, outcome = 'REPLAYED' where id = $1 and settled_at is null returning *)
     insert into inbox (source, message_id, type, payload, received_at, next_attempt_at)
     select stream, message_id, coalesce(type, ''), payload, $2, $2 from letter
     on conflict (source, message_id) do update set attempts = 0, next_attempt_at = excluded.next_attempt_at,
       done_at = null, first_failed_at = null, last_failed_at = null`,
    [id, clock.now()],
  );
  return rowCount === 1;
}

/** Closes a letter for good. False if there is no open letter. */
export async function discard({ pool, clock }: InboxParts, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update dead_letter set settled_at = $2, outcome = 'DISCARDED' where id = $1 and settled_at is null`,
    [id, clock.now()],
  );
  return rowCount === 1;
}
