import type pg from 'pg';
import { type ChainHead, emptyChain, nextHead, type StoredAuditRecord } from '../domain/audit-entry.ts';

/** The first thing that is wrong with the audit. */
export interface BrokenChain {
  readonly customerId: string;
  /** Number of the record, 1 for the first. */
  readonly sequence: number;
  readonly problem: 'not what was written' | 'missing' | 'of nobody';
}

/** What a look at all chains came to. */
export interface ChainReport {
  readonly customers: number;
  readonly records: number;
  /** Undefined when every chain is whole. */
  readonly broken?: BrokenChain;
}

interface HeadRow {
  readonly id: string;
  readonly sequence: number;
  readonly head: Buffer;
}

const customersAtATime = 500;
const recordsAtATime = 1000;
const first = '00000000-0000-0000-0000-000000000000';

const heads = `select id, audit_sequence as sequence, audit_head as head from customer where id > $1 order by id limit $2`;
const records = `select id, customer_id as "customerId", sequence, at, actor_type as "actorType", actor_id as "actorId",
    action, changed, reason, request_id as "requestId", acting_id as "actingId", key_id as "keyId", sealed, previous_hash as "previousHash", hash
  from audit_entry where customer_id = any($1::uuid[]) and (customer_id, sequence) > ($2, $3)
  order by customer_id, sequence limit $4`;
const orphans = `select e.customer_id as "customerId", e.sequence from audit_entry e
  where not exists (select from customer c where c.id = e.customer_id) order by e.customer_id, e.sequence limit 1`;

/** Reads every chain from its beginning, in one snapshot, and stops at the first record that is not what was written. */
export async function verifyChains(pool: pg.Pool): Promise<ChainReport> {
  const client = await pool.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    const report = await verifyAll(client);
    await client.query('commit');
    return report;
  } finally {
    // The snapshot may still be open after an error.
    client.release(true);
  }
}

async function verifyAll(client: pg.PoolClient): Promise<ChainReport> {
  let customers = 0;
  let count = 0;
  for (let after = first; ;) {
    const { rows } = await client.query<HeadRow>(heads, [after, customersAtATime]);
    const last = rows.at(-1);
    if (!last) break;
    const { broken, records: read } = await verifySome(client, rows);
    customers += rows.length;
    count += read;
    if (broken) return { customers, records: count, broken };
    after = last.id;
  }
  const { rows } = await client.query<{ customerId: string; sequence: number }>(orphans);
  const report = { customers, records: count };
  return rows[0] ? { ...report, broken: { ...rows[0], problem: 'of nobody' } } : report;
}

async function verifySome(client: pg.PoolClient, rows: readonly HeadRow[]): Promise<Omit<ChainReport, 'customers'>> {
  const ids = rows.map(({ id }) => id);
  const reached = new Map<string, ChainHead>();
  let count = 0;
  for (let place: readonly [string, number] = [first, 0]; ;) {
    const page = await client.query<StoredAuditRecord>(records, [ids, ...place, recordsAtATime]);
    const last = page.rows.at(-1);
    if (!last) break;
    for (const record of page.rows) {
      const head = reached.get(record.customerId) ?? emptyChain;
      const next = nextHead(head, record);
      if (!next) return { records: count, broken: brokenAt(record, head) };
      reached.set(record.customerId, next);
      count += 1;
    }
    place = [last.customerId, last.sequence];
  }
  const short = rows.find((row) => !isWhole(row, reached.get(row.id) ?? emptyChain));
  return { records: count, ...(short && { broken: endOf(short, reached.get(short.id) ?? emptyChain) }) };
}

function brokenAt({ customerId, sequence }: StoredAuditRecord, head: ChainHead): BrokenChain {
  const expected = head.sequence + 1;
  const problem = sequence === expected ? 'not what was written' : 'missing';
  return { customerId, sequence: expected, problem };
}

/** Whether the chain ends where its customer's row says. */
function isWhole(row: HeadRow, head: ChainHead): boolean {
  return row.sequence === head.sequence && Buffer.compare(row.head, head.hash) === 0;
}

function endOf({ id, sequence }: HeadRow, head: ChainHead): BrokenChain {
  if (head.sequence < sequence) return { customerId: id, sequence: head.sequence + 1, problem: 'missing' };
  return { customerId: id, sequence: head.sequence, problem: 'not what was written' };
}
