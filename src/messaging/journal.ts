import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout } from 'node:timers/promises';
import { DeadlockException, type EventSubscriber, type FlushEventArgs, OptimisticLockError } from '@mikro-orm/core';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import type { Actor } from '../domain/access.ts';
import { type ActorType, chained, type Deed } from '../domain/audit-entry.ts';
import type { CustomerAccount } from '../domain/customer-account.ts';
import { ContactInUse, Unavailable } from '../domain/errors.ts';
import type { ChangeReason } from '../domain/events.ts';
import type { Clock } from '../platform/clock.ts';
import { isOutage } from '../platform/database.ts';
import { type AuditRow, checked, insertJournal, type OutboxRow } from './journal-rows.ts';
import { cloudEvent } from './outbox.ts';
import { compareAgain, customersOf, SealedRows, type Sealing } from './sealed-rows.ts';

/** Who changes something, why, and in which request. */
export interface JournalAct {
  readonly actor: Actor;
  readonly requestId: string;
  readonly reason?: string;
  readonly causationId?: string;
}

/** What the journal needs. */
export interface JournalParts extends Sealing {
  readonly orm: MikroORM;
  readonly clock: Clock;
  /** `source` of the events. */
  readonly source: string;
}

/** Runs work in one transaction, as somebody. */
export type TransactAs = <T>(act: JournalAct, work: (em: EntityManager) => Promise<T>) => Promise<T>;

interface Scope {
  readonly act: JournalAct;
  em?: EntityManager | undefined;
}

const mostAttempts = 5;

/** Puts sealing and journal between the ORM and its database. Call it once for each ORM. */
export function createJournal(parts: JournalParts): { readonly transactAs: TransactAs } {
  const scopes = new AsyncLocalStorage<Scope>();
  const manager = parts.orm.em.getEventManager();
  manager.registerSubscriber(new SealedRows(parts));
  manager.registerSubscriber(new Journal(parts, scopes));
  return {
    async transactAs(act, work) {
      const outer = scopes.getStore()?.em;
      // A nested transaction would share the entities of the outer one, and lose changes without a word.
      if (outer) return work(outer);
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await attemptOnce(parts.orm, scopes, act, work);
        } catch (error) {
          if (!mayRetry(error) || attempt === mostAttempts) throw translated(error);
          await setTimeout(attempt * attempt * 5);
        }
      }
    },
  };
}

function attemptOnce<T>(
  orm: MikroORM,
  scopes: AsyncLocalStorage<Scope>,
  act: JournalAct,
  work: (em: EntityManager) => Promise<T>,
): Promise<T> {
  // Lives until the flush at the end of the transaction, which is after `work`.
  const scope: Scope = { act };
  return scopes.run(scope, async () => {
    try {
      return await orm.em.fork().transactional((em) => work((scope.em = em as EntityManager)));
    } finally {
      // What is still running although nobody awaits it must not write into a transaction that is over.
      scope.em = undefined;
    }
  });
}

/** Somebody else was faster: deadlock, serialisation, or a row that was not locked first. */
function mayRetry(error: unknown): boolean {
  if (error instanceof OptimisticLockError || error instanceof DeadlockException) return true;
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === '40001' || code === '40P01' || (code === '23505' && orderConstraints.has(constraint));
}

const orderConstraints = new Set<unknown>(['outbox_order', 'audit_entry_order']);
const addressConstraints = new Set<unknown>(
  ['email_even', 'email_odd', 'phone_even', 'phone_odd'].map((name) => `customer_${name}`),
);

function translated(error: unknown): unknown {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  if (code === '23505' && addressConstraints.has(constraint)) return new ContactInUse();
  return isOutage(error) ? new Unavailable(5) : error;
}

/** Writes, for every customer that a flush changes, what was done into the audit and what to tell into the outbox. */
class Journal implements EventSubscriber {
  readonly #parts: JournalParts;
  readonly #scopes: AsyncLocalStorage<Scope>;
  /** After a failed flush the ORM takes an entity as stored: flushed again, it would commit without the first change. */
  readonly #unfinished = new WeakSet<CustomerAccount>();

  constructor(parts: JournalParts, scopes: AsyncLocalStorage<Scope>) {
    this.#parts = parts;
    this.#scopes = scopes;
  }

  async onFlush({ em, uow }: FlushEventArgs): Promise<void> {
    const changed = new Set(uow.getChangeSets().map(({ entity }): unknown => entity));
    const audit: AuditRow[] = [];
    const facts: OutboxRow[] = [];
    const written: CustomerAccount[] = [];
    for (const customer of customersOf(uow)) {
      const rows = await this.#rowsOf(customer, changed.has(customer));
      if (!rows) continue;
      audit.push(...rows.audit);
      facts.push(...rows.facts);
      written.push(customer);
    }
    if (!written.length) return;
    if (!em.isInTransaction()) throw new Error('A customer is changed only inside transact().');
    await insertJournal(em, audit, facts);
    for (const customer of written) compareAgain(uow, customer);
  }

  afterFlush({ uow }: FlushEventArgs): void {
    for (const customer of customersOf(uow)) this.#unfinished.delete(customer);
  }

  async #rowsOf(
    customer: CustomerAccount,
    changed: boolean,
  ): Promise<{ audit: AuditRow[]; facts: OutboxRow[] } | undefined> {
    const told = customer.takeFacts();
    if (!told && !changed) return undefined;
    const act = this.#scopes.getStore()?.act;
    if (!act) throw new Error('A customer is changed only inside transact().');
    if (!told) throw new Error('A customer changed without saying what was done.');
    if (this.#unfinished.has(customer)) throw new Error('The last flush failed: load the customer again.');
    this.#unfinished.add(customer);
    const at = this.#parts.clock.now();
    const audit = await this.#auditOf(customer, act, told.deeds, at);
    const by = told.deeds.at(-1)?.by ?? 'SYSTEM';
    const facts = told.events.map((event, n) => {
      const sequence = customer.sequence + n + 1;
      const origin = {
        ...act,
        ...actorOf(act.actor, by),
        id: v7(),
        source: this.#parts.source,
        customerId: customer.id,
      };
      return { sequence, event: cloudEvent(checked(event), { ...origin, sequence, at }) };
    });
    const last = audit.at(-1);
    customer.journaled({
      version: customer.version + (told.profile ? 1 : 0),
      sequence: customer.sequence + facts.length,
      auditSequence: last?.sequence ?? customer.auditSequence,
      auditHead: last?.hash ?? customer.auditHead,
    });
    return { audit, facts };
  }

  async #auditOf(customer: CustomerAccount, act: JournalAct, deeds: readonly Deed[], at: Date): Promise<AuditRow[]> {
    const { id: customerId, keyId } = customer;
    const key = (await this.#parts.keys.getMany([keyId])).get(keyId);
    if (!key) throw new Error('The key of a customer that changed is destroyed.');
    let previousHash: Uint8Array = customer.auditHead;
    return deeds.map(({ action, by, changes }, n) => {
      const id = v7();
      const place = { table: 'audit_entry', column: 'sealed', row: id, keyId };
      const record = {
        ...actorOf(act.actor, by),
        id,
        customerId,
        keyId,
        action,
        at,
        sequence: customer.auditSequence + n + 1,
        changed: changes.map(({ path }) => path),
        reason: act.reason ?? null,
        requestId: act.requestId,
        actingId: act.actor.acting?.id ?? null,
        sealed: this.#parts.seal.seal(key, place, JSON.stringify({ changes })),
      };
      const row = { ...record, previousHash, hash: chained(previousHash, record) };
      previousHash = row.hash;
      return row;
    });
  }
}

/** Whose hand it was: a person is the customer herself unless the change says that she is staff. */
function actorOf(actor: Actor, by: ChangeReason): { actorType: ActorType; actorId: string } {
  if (actor.kind === 'service' || actor.kind === 'system') return { actorType: actor.kind, actorId: actor.id };
  // Somebody at Keycloak's console has no record of her own there.
  const isStaff = by === 'STAFF' || actor.acting !== undefined || !actor.permissions.has('customer:self');
  return { actorType: isStaff ? 'staff' : 'customer', actorId: actor.id };
}
