import type pg from 'pg';
import type { SmsConfig } from '../platform/sms-config.ts';

const minuteMs = 60_000;
/** A code may come back for five minutes; whoever was sent one since then is not held against anybody. */
const graceMs = 6 * minuteMs;

const minuteOf = (now: Date): Date => new Date(Math.floor(now.getTime() / minuteMs) * minuteMs);
const dayOf = (now: Date): string => now.toISOString().slice(0, 10);

const reserve = `insert into text_message_day as d (day, cents) values ($1, $2)
  on conflict (day) do update set cents = d.cents + $2 where d.cents + $2 <= $3`;

/**
 * Takes the price of a message out of the day's budget, over all replicas.
 *
 * @returns false when it does not suffice; nothing is taken then
 */
export async function spend(
  pool: Pick<pg.Pool, 'query'>,
  now: Date,
  cents: number,
  budgetCents: number,
): Promise<boolean> {
  if (cents > budgetCents) return false;
  const { rowCount } = await pool.query({
    name: 'text-message-spend',
    text: reserve,
    values: [dayOf(now), cents, budgetCents],
  });
  return rowCount === 1;
}

/** Gives the price of a message back that was certainly not sent. */
export async function giveBack(pool: Pick<pg.Pool, 'query'>, now: Date, cents: number): Promise<void> {
  const text = 'update text_message_day set cents = cents - $2 where day = $1';
  await pool.query({ name: 'text-message-give-back', text, values: [dayOf(now), cents] });
}

const note = `insert into text_message_count as c (scope, minute, sent, verified) select s, $2, $3, $4 from unnest($1::text[]) s order by s
  on conflict (scope, minute) do update set sent = c.sent + $3, verified = c.verified + $4`;

/** Counts a message, or a code that came back, for each scope: its country and its prefix. */
export async function noteMessage(
  pool: Pick<pg.Pool, 'query'>,
  now: Date,
  scopes: readonly string[],
  what: 'sent' | 'verified',
): Promise<void> {
  const counts = what === 'sent' ? [1, 0] : [0, 1];
  await pool.query({ name: 'text-message-note', text: note, values: [scopes, minuteOf(now), ...counts] });
}

const ratio = `select scope from text_message_count where minute >= $1 and ($5::text[] is null or scope = any($5)) group by scope
  having coalesce(sum(sent) filter (where minute <= $2), 0) >= $3
     and sum(verified) * 100 < $4 * coalesce(sum(sent) filter (where minute <= $2), 0)`;

/**
 * Of these scopes, or of all, those to which messages go whose codes hardly ever come back: somebody earns by them.
 *
 * @param scopes  undefined for all that were written to lately
 */
export async function brokenScopes(
  pool: Pick<pg.Pool, 'query'>,
  now: Date,
  { minutes, least, percent }: SmsConfig['breaker'],
  scopes?: readonly string[],
): Promise<string[]> {
  const from = new Date(minuteOf(now).getTime() - minutes * minuteMs);
  const until = new Date(now.getTime() - graceMs);
  const { rows } = await pool.query<{ scope: string }>({
    name: 'text-message-breaker',
    text: ratio,
    values: [from, until, least, percent, scopes ?? null],
  });
  return rows.map(({ scope }) => scope);
}

/** What was spent on this day (UTC), cents. */
export async function spentOn(pool: Pick<pg.Pool, 'query'>, now: Date): Promise<number> {
  const { rows } = await pool.query<{ cents: string }>('select cents from text_message_day where day = $1', [
    dayOf(now),
  ]);
  return Number(rows[0]?.cents ?? 0);
}
