import type { Redis } from 'ioredis';
import type pg from 'pg';
import { stream } from '../../src/messaging/relay.ts';

/** A fact as another context reads it. */
export interface Published {
  readonly id: string;
  readonly subject: string;
  readonly sequence: number;
}

/** Everything the published stream holds, in its order. */
export async function publishedFacts(redis: Redis): Promise<Published[]> {
  return (await redis.xrange(stream, '-', '+')).map(([, fields]) => {
    const { id, subject, sequence } = JSON.parse(fields[1] ?? '{}') as Record<string, string>;
    return { id: id ?? '', subject: subject ?? '', sequence: Number(sequence) };
  });
}

const outbox = 'select id, customer_id as subject, sequence from outbox order by customer_id, sequence';

/** Every fact there is, in order for each customer. */
export async function factsOf(pool: pg.Pool): Promise<Published[]> {
  return (await pool.query<Published>(outbox)).rows;
}

/** Facts that nobody was told yet. */
export async function waitingFacts(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>('select count(*)::int as n from outbox where published_at is null');
  return rows[0]?.n ?? 0;
}

/** Customers whose facts do not count 1, 2, 3… */
export function holesIn(facts: readonly Published[]): string[] {
  return [...Map.groupBy(facts, ({ subject }) => subject)]
    .filter(([, ofHers]) => ofHers.some(({ sequence }, at) => sequence !== at + 1))
    .map(([subject]) => `${subject}: her facts have a hole or come twice`);
}

/**
 * What is wrong with what was read of a stream that may repeat, but must keep order, leave nothing out and name each fact
 * by one id.
 *
 * @param read   in the order in which it was read
 * @param facts  those that must be there
 */
export function streamFaults(read: readonly Published[], facts: readonly Published[]): string[] {
  const first = new Map<string, Published>();
  const faults: string[] = [];
  const newest = new Map<string, number>();
  for (const one of read) {
    const place = `${one.subject} ${one.sequence}`;
    const before = first.get(place);
    if (before && before.id !== one.id) faults.push(`${place}: two ids`);
    if (before) continue;
    first.set(place, one);
    const last = newest.get(one.subject);
    if (last !== undefined && one.sequence !== last + 1) faults.push(`${place}: comes after ${last}`);
    newest.set(one.subject, one.sequence);
  }
  for (const { id, subject, sequence } of facts) {
    const told = first.get(`${subject} ${sequence}`);
    if (told?.id !== id) faults.push(`${subject} ${sequence}: ${told ? 'told under another id' : 'never told'}`);
  }
  return faults;
}
