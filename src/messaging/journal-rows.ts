import type { EntityManager } from '@mikro-orm/core';
import type { AuditRecord } from '../domain/audit-entry.ts';
import { events } from '../domain/events.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { CloudEvent } from './outbox.ts';

/** An audit record with its place in the chain. */
export interface AuditRow extends AuditRecord {
  readonly previousHash: Uint8Array;
  readonly hash: Uint8Array;
}

/** A published event and its number. */
export interface OutboxRow {
  readonly event: CloudEvent;
  readonly sequence: number;
}

const columns = `id uuid, customer_id uuid, sequence int, at timestamptz(3), actor_type text, actor_id text, action text,
  changed text[], reason text, request_id text, acting_id uuid, key_id uuid, sealed text, previous_hash text, hash text`;

/** Both in one statement. `order by` so that positions rise with the sequence. */
const statement = `
  with audited as (
    insert into audit_entry (id, customer_id, sequence, at, actor_type, actor_id, action, changed, reason, request_id,
      acting_id, key_id, sealed, previous_hash, hash)
    select id, customer_id, sequence, at, actor_type, actor_id, action, changed, reason, request_id,
      acting_id, key_id, decode(sealed, 'base64'), decode(previous_hash, 'base64'), decode(hash, 'base64')
    from jsonb_to_recordset($1::jsonb) as entry (${columns})
  )
  insert into outbox (id, customer_id, sequence, type, event, created_at)
  select id, customer_id, sequence, type, event, created_at
  from jsonb_to_recordset($2::jsonb) as fact (id uuid, customer_id uuid, sequence int, type text, event jsonb, created_at timestamptz(3))
  order by customer_id, sequence`;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function auditJson(row: AuditRow): object {
  return {
    id: row.id,
    customer_id: row.customerId,
    sequence: row.sequence,
    at: row.at,
    actor_type: row.actorType,
    actor_id: row.actorId,
    action: row.action,
    changed: row.changed,
    reason: row.reason,
    request_id: row.requestId,
    acting_id: row.actingId,
    key_id: row.keyId,
    sealed: base64(row.sealed),
    previous_hash: base64(row.previousHash),
    hash: base64(row.hash),
  };
}

function outboxJson({ event, sequence }: OutboxRow): object {
  return {
    id: event.id,
    customer_id: event.subject,
    sequence,
    type: event.type,
    event,
    created_at: event.time,
  };
}

/** The part of the ORM's transaction that we use: it sends values apart from the text, where the ORM's own way puts them into it. */
interface Transaction {
  executeQuery(query: {
    sql: string;
    parameters: readonly unknown[];
    query: { kind: 'RawNode'; sqlFragments: readonly string[]; parameters: readonly never[] };
    queryId: { queryId: string };
  }): Promise<unknown>;
}

/** Writes audit records and events in the transaction that is open. */
export async function insertJournal(
  em: EntityManager,
  audit: readonly AuditRow[],
  facts: readonly OutboxRow[],
): Promise<void> {
  const transaction = em.getTransactionContext<Transaction>();
  if (!transaction) throw new Error('A customer is changed only inside transact().');
  await transaction.executeQuery({
    sql: statement,
    parameters: [JSON.stringify(audit.map(auditJson)), JSON.stringify(facts.map(outboxJson))],
    query: { kind: 'RawNode', sqlFragments: [statement], parameters: [] },
    queryId: { queryId: 'journal' },
  });
}

/** The event, if its data is what its schema says; an event that is not so must not be committed. */
export function checked(event: DomainEvent): DomainEvent {
  events[event.name].data.parse(event.data);
  return event;
}
