import { createYoga } from 'graphql-yoga';
import { Redis } from 'ioredis';
import type pg from 'pg';
import { v7 } from 'uuid';
import { inject } from 'vitest';
import type { Ctx } from '../../src/context.ts';
import { type Actor, nobody, type Permission } from '../../src/domain/access.ts';
import type { Registration } from '../../src/domain/registration.ts';
import { graphErrorOf } from '../../src/graphql/errors.ts';
import { createLiveUpdates } from '../../src/messaging/live-updates.ts';
import { noteStaffAccess } from '../../src/messaging/staff-access.ts';
import { openWork, type WorkQueue } from '../../src/messaging/work.ts';
import { createLog } from '../../src/platform/log.ts';
import { CustomerReads } from '../../src/read-model/customers.ts';
import { schema } from '../../src/server/schema.ts';
import { openRecords, type Records } from './records.ts';

const issuer = 'https://issuer.example/realms/customer';

/** An answer of the graph. */
export interface Answer {
  readonly data?: Record<string, any> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { readonly code?: string; readonly issues?: any };
  }[];
}

/** The graph over real databases, asked as anybody, without tokens. */
export interface GraphWorld extends AsyncDisposable {
  readonly records: Records;
  /** Statements of the main database since the last look, `begin` and `commit` aside. */
  statements(): string[];
  /** Registers a customer who signs in as the subject. */
  customer(subject: string, email: string, more?: Partial<Registration>): Promise<string>;
  contextOf(actor: Actor, router?: boolean): { app: Ctx };
  ask(actor: Actor, query: string, variables?: object, router?: boolean): Promise<Answer>;
}

/** Somebody who signs in with the subject and may see and change herself. */
export function herself(subject: string): Actor {
  return { kind: 'person', id: subject, permissions: new Set(['customer:self']), identity: { issuer, subject } };
}

/** Staff with a second factor, just proven. */
export function staff(...rights: Permission[]): Actor {
  const identity = { issuer, subject: 'staff' };
  const authTime = Date.now() / 1000;
  return { kind: 'person', id: 'staff', permissions: new Set(rights), identity, acr: '2', authTime };
}

/** A service of ours that may read the record. */
export const service: Actor = { kind: 'service', id: 'orders', permissions: new Set(['customer:read']) };

export { nobody };

function countStatements(pool: pg.Pool, seen: string[]): void {
  const counted = new WeakSet<object>();
  pool.on('acquire', (client) => {
    if (counted.has(client)) return;
    counted.add(client);
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    const listening = (first: unknown, ...rest: unknown[]) => {
      const text = typeof first === 'string' ? first : (first as { text?: string }).text;
      if (text && !/^\s*(begin|commit|rollback|set|release|savepoint)\b/i.test(text)) seen.push(text);
      return query(first, ...rest);
    };
    Object.assign(client, { query: listening });
  });
}

function contextsOver(
  records: Records,
  { live, work, ...more }: Pick<Ctx, 'live'> & { work: WorkQueue } & Partial<Ctx>,
): GraphWorld['contextOf'] {
  return (actor, router = true) => {
    const requestId = v7();
    const act = (reason: string | undefined) => ({ actor, requestId, ...(reason === undefined ? {} : { reason }) });
    const app = {
      ...records,
      actor,
      clock: { now: () => new Date() },
      config: { server: { publicUrl: 'http://localhost:4000' }, keycloak: { issuer } },
      request: { id: requestId, ip: '127.0.0.1', language: 'en', userAgent: 'test', router },
      transact: (work: never, reason?: string) => records.transactAs(act(reason), work),
      ...more,
      live,
      work,
      customers: new CustomerReads(
        records,
        actor,
        noteStaffAccess((work) => records.transactAs(act(undefined), work)),
      ),
    };
    return { app: app as unknown as Ctx };
  };
}

/**
 * Opens the graph over new databases.
 *
 * @param more  what a test needs besides
 */
export async function openGraph(more: Partial<Ctx> = {}): Promise<GraphWorld> {
  const records = await openRecords();
  const silent = createLog('silent');
  const live = createLiveUpdates(new Redis(inject('redisUrl')), records.pool, silent);
  const seen: string[] = [];
  countStatements(records.pool, seen);
  const work = await openWork(records.databases.url, ['identity.tell-provider', 'identity.tell-status'], silent);
  const contextOf = contextsOver(records, { ...more, live, work });
  const yoga = createYoga<{ app: Ctx }>({
    schema,
    logging: false,
    maskedErrors: { maskError: (error) => graphErrorOf(error) ?? (error as Error) },
  });
  return {
    records,
    contextOf,
    statements: () => seen.splice(0),
    async customer(subject, email, more) {
      const id = await records.register(email, more);
      await records.pool.query(
        `insert into identity_link (issuer, subject, customer_id, linked_at, checked_at) values ($1, $2, $3, now(), now())`,
        [issuer, subject, id],
      );
      seen.splice(0);
      return id;
    },
    async ask(actor, query, variables = {}, router = true) {
      const body = JSON.stringify({ query, variables });
      const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      const answer = await yoga.fetch('http://localhost/graphql', request, contextOf(actor, router));
      return (await answer.json()) as Answer;
    },
    async [Symbol.asyncDispose]() {
      await live.stop();
      await work.stop();
      await records[Symbol.asyncDispose]();
    },
  };
}
