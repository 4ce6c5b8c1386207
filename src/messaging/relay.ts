import type { Redis } from 'ioredis';
import type pg from 'pg';
import type { Log } from '../platform/log.ts';
import { channelOf } from './live-updates.ts';
import { repeat, type Rounds } from './rounds.ts';

/** The stream that other contexts read (contracts: events). */
export const stream = 'customers.events';

/** What the relay needs. */
export interface RelayParts {
  readonly pool: pg.Pool;
  readonly redis: Redis;
  readonly log: Log;
  /** Entries the stream keeps at least. */
  readonly maxLength: number;
  /** Hears what was published. */
  readonly published?: (count: number) => void;
}

const lanes = Array.from({ length: 16 }, (_, lane) => lane);
const batchSize = 200;
const idleMs = 200;
const troubleMs = 1000;
/** Class of our advisory locks for lanes. */
const lockClass = 7;

/**
 * Adds entries unless a later relay has had the lane: one that was frozen in the middle and wakes up holds an old number.
 * KEYS: stream, fence of the lane. ARGV: fence, length, then channel, message and event of each fact.
 */
const publishScript = `local highest = tonumber(redis.call('GET', KEYS[2]) or '0')
if tonumber(ARGV[1]) < highest then return -highest end
redis.call('SET', KEYS[2], ARGV[1])
for i = 3, #ARGV, 3 do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'event', ARGV[i + 2])
  redis.call('PUBLISH', ARGV[i], ARGV[i + 1])
end
return (#ARGV - 2) / 3`;

interface Row {
  id: string;
  customer_id: string;
  sequence: number;
  event: string;
}

const take = {
  name: 'relay_take',
  text: `select id, customer_id, sequence, event::text as event from outbox
    where lane = $1 and published_at is null order by position limit ${batchSize}`,
};

const nextFence = `select nextval('outbox_fence') as fence`;

/** Holds the lane until the transaction ends; the number grows with every holder. Undefined while another relay has it. */
async function holdLane(client: pg.PoolClient, lane: number): Promise<string | undefined> {
  const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_xact_lock($1, $2) as held', [
    lockClass,
    lane,
  ]);
  if (!rows[0]?.held) return undefined;
  const { rows: fences } = await client.query<{ fence: string }>(nextFence);
  return fences[0]?.fence;
}

/**
 * A later relay has had the lane. Either this one slept meanwhile, and the database knows higher numbers; or the
 * database was restored from a backup, and its numbers would be refused until they have caught up.
 */
async function outrun({ pool, log }: RelayParts, lane: number, highest: number): Promise<void> {
  const { rows } = await pool.query<{ fence: string }>(nextFence);
  const isBehind = Number(rows[0]?.fence) <= highest;
  log.warn({ lane, isBehind }, 'a later relay has had the lane');
  if (isBehind)
    await pool.query(`select setval('outbox_fence', greatest($1, last_value)) from outbox_fence`, [highest]);
}

/** Adds the facts to the stream and tells who follows. False when a later relay has had the lane. */
async function add(parts: RelayParts, lane: number, fence: string, rows: readonly Row[]): Promise<boolean> {
  const facts = rows.flatMap((row) => [
    channelOf(row.customer_id),
    JSON.stringify({ customerId: row.customer_id, sequence: row.sequence }),
    row.event,
  ]);
  const { redis, maxLength } = parts;
  const added = await redis.eval(publishScript, 2, stream, `customers.lane.${lane}`, fence, maxLength, ...facts);
  if (typeof added === 'number' && added < 0) await outrun(parts, lane, -added);
  return typeof added === 'number' && added >= 0;
}

/** Publishes what one lane holds, in order; the rows are marked only after Redis has them all. Returns how many. */
async function publishLane(parts: RelayParts, lane: number): Promise<number> {
  const client = await parts.pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const fence = await holdLane(client, lane);
    if (fence === undefined) return await leave(client);
    const { rows } = await client.query<Row>({ ...take, values: [lane] });
    if (!rows.length || !(await add(parts, lane, fence, rows))) return await leave(client);
    await client.query('update outbox set published_at = now() where id = any($1::uuid[])', [rows.map(({ id }) => id)]);
    await client.query('commit');
    return rows.length;
  } catch (error) {
    broken = error instanceof Error ? error : new Error('relay');
    throw error;
  } finally {
    // A connection that failed in the middle is closed, which ends its transaction and frees the lane.
    client.release(broken);
  }
}

async function leave(client: pg.PoolClient): Promise<0> {
  await client.query('rollback');
  return 0;
}

async function pendingLanes(pool: pg.Pool): Promise<number[]> {
  const { rows } = await pool.query<{ lane: number }>(
    `select lane from unnest($1::int[]) lane where exists (select from outbox where outbox.lane = lane.lane and published_at is null)`,
    [lanes],
  );
  const start = process.pid % lanes.length;
  return rows.map(({ lane }) => lane).toSorted((a, b) => ((a - start + 16) % 16) - ((b - start + 16) % 16));
}

/** One round over all lanes that hold something. Returns how many facts left. */
export async function publishPending(parts: RelayParts): Promise<number> {
  let count = 0;
  for (const lane of await pendingLanes(parts.pool)) count += await publishLane(parts, lane);
  if (count) parts.published?.(count);
  return count;
}

/** Publishes facts until it is stopped: at least once, in order for each customer (facts wait while Redis is away). */
export function startRelay(parts: RelayParts): Rounds {
  const trouble = (error: unknown): void => parts.log.warn({ err: error }, 'facts wait to be published');
  return repeat(() => publishPending(parts), { idleMs, troubleMs, trouble });
}
