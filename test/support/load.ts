import { setTimeout as pause } from 'node:timers/promises';
import type { Parts } from '../../src/context.ts';
import { type Answered, askGraph, type Credentials } from './graph-client.ts';
import { type SeenCustomer, seenCustomers } from './seen-customers.ts';

/** One request of the load. */
export interface Sample extends Answered {
  readonly kind: 'read' | 'write';
  /** How its sender shows who she is. */
  readonly by: string;
  /** When it was sent, in milliseconds of `performance.now()`. */
  readonly at: number;
}

/** A customer who reads and changes her profile all the time. */
export interface Busy {
  readonly subject: string;
  /** Such as bearer or cookie. */
  readonly by: string;
  readonly who: Credentials;
}

interface Written {
  readonly version: number;
  readonly givenName: string;
}

const restMs = 40;
const me = '{ me { id version givenName } }';
const update = `mutation ($i: UpdateProfileInput!) { updateProfile(input: $i) {
  __typename ... on CustomerPayload { customer { version } } } }`;

/** Customers who read and write at the same time, and what they were told. */
export class Load {
  readonly samples: Sample[] = [];
  /** Changes that were acknowledged, by subject. */
  readonly acknowledged = new Map<string, Written[]>();
  /** Subjects whose last change had no clear answer: it may be there or not. */
  readonly #open = new Set<string>();
  readonly #url: string;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[];
  #names = 0;

  constructor(url: string, customers: readonly Busy[]) {
    this.#url = url;
    this.#loops = customers.map((one) => this.#loop(one));
  }

  /** Ends it, after what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  /** What was sent in a time. */
  between(from: number, to: number): Sample[] {
    return this.samples.filter(({ at }) => at >= from && at < to);
  }

  /** Whether every customer has read and written since. */
  isServedSince(from: number): boolean {
    const since = this.between(from, Infinity).filter(({ outcome }) => outcome === 'done');
    return (['read', 'write'] as const).every(
      (kind) => since.filter((one) => one.kind === kind).length >= this.#loops.length,
    );
  }

  /** Acknowledged changes that are not there, or not once. */
  async lost(parts: Pick<Parts, 'pool' | 'transactAs'>): Promise<string[]> {
    const customers = await seenCustomers(parts);
    const lost: string[] = [];
    for (const [subject, written] of this.acknowledged) {
      const customer = customers.get(subject);
      const { rows } = await parts.pool.query<{ version: number }>(versions, [customer?.id]);
      for (const { version } of written) {
        const told = rows.filter((row) => row.version === version).length;
        if (told !== 1) lost.push(`${subject}: version ${version} is told of ${told} times`);
      }
      lost.push(...this.#lastOf(subject, written, customer));
    }
    return lost;
  }

  #lastOf(subject: string, written: readonly Written[], customer: SeenCustomer | undefined): string[] {
    const last = written.at(-1);
    if (!last || !customer) return [`${subject}: nothing of hers is there`];
    if (this.#open.has(subject) && customer.version > last.version) return [];
    if (customer.version === last.version && customer.givenName === last.givenName) return [];
    return [`${subject}: version ${customer.version} instead of ${last.version}, or another name`];
  }

  async #loop(one: Busy): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const read = await this.#send(one, 'read', me);
      const version = read.outcome === 'done' ? (read.data['me']?.version as number | undefined) : undefined;
      await pause(restMs);
      // A change is tried also while nothing can be read: it must be refused as fast.
      const givenName = `Name ${(this.#names += 1)}`;
      const expectedVersion = version ?? this.acknowledged.get(one.subject)?.at(-1)?.version ?? 1;
      const written = await this.#send(one, 'write', update, { i: { expectedVersion, givenName } });
      this.#note(one.subject, written, givenName);
      await pause(restMs);
    }
  }

  #note(subject: string, { outcome, data }: Answered, givenName: string): void {
    if (outcome === 'done') {
      const all = this.acknowledged.get(subject) ?? [];
      this.acknowledged.set(subject, all);
      all.push({ version: data['updateProfile'].customer.version as number, givenName });
      this.#open.delete(subject);
    } else if (outcome !== 'conflict') this.#open.add(subject);
  }

  async #send({ by, who }: Busy, kind: Sample['kind'], query: string, variables?: object): Promise<Answered> {
    const at = performance.now();
    const answered = await askGraph(this.#url, who, query, variables);
    this.samples.push({ ...answered, kind, by, at });
    return answered;
  }
}

const versions = `select (event->'data'->>'version')::int as version from outbox
  where customer_id = $1 and type like '%.CustomerUpdated.%'`;
