import DataLoader from 'dataloader';
import type pg from 'pg';
import { type Actor, type Identity, type View, viewOf } from '../domain/access.ts';
import type { AccountStatus } from '../domain/account-status.ts';
import { type EmailIndex, emailLookupOf, parseEmail } from '../domain/values/email.ts';
import type { CustomerKeys } from '../platform/keys.ts';
import type { Seal } from '../platform/personal-data.ts';
import { type CustomerOrder, cursorOf, type PageQuery, pageStatement } from './customer-page.ts';
import { byIds, byOwnIdentity, byRefs, type CustomerRef } from './customer-statements.ts';

/** A customer as every door shows her. What is sealed is opened by {@link CustomerReads.person}. */
export interface CustomerRow {
  readonly id: string;
  readonly status: AccountStatus;
  readonly version: number;
  /** Counts her facts; the cursor of live updates. */
  readonly sequence: number;
  readonly emailVerified: boolean;
  readonly locale: string | null;
  readonly country: string | null;
  readonly createdAt: Date;
  readonly lastActivityAt: Date;
  /** The link she signs in with first. */
  readonly identity: Identity | null;
  /** Whether it is the viewer's own; decided in the statement that read the row. */
  readonly own: boolean;
  /** How much of it the viewer sees. */
  readonly view: View;
  readonly keyId: string;
  readonly sealed: Buffer;
}

/** What is sealed of a customer and shown, in clear. */
export interface Person {
  readonly displayName: string | null;
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly email: string | null;
  readonly emailLookup: string | null;
  readonly birthDate: string | null;
}

/** Whom one looks for. An address counts however it is spelt. */
export type CustomerWanted =
  | { readonly by: 'id'; readonly id: string }
  | { readonly by: 'email'; readonly email: string }
  | { readonly by: 'identity'; readonly issuer: string; readonly subject: string };

/** A page of customers, in order. */
export interface CustomerPage {
  readonly rows: readonly { readonly row: CustomerRow; readonly cursor: string }[];
  readonly hasNextPage: boolean;
}

/** What the read model stands on. */
export interface CustomerSources {
  readonly pool: pg.Pool;
  readonly keys: CustomerKeys;
  readonly seal: Seal;
  readonly emailIndex: EmailIndex;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The customers one viewer sees in one request: every look-up of a turn, whatever its key, is one statement, and every
 * sealed row that has to be opened waits for one look-up of keys.
 */
export class CustomerReads {
  readonly #sources: CustomerSources;
  readonly #actor: Actor;
  readonly #rows: DataLoader<CustomerWanted, CustomerRow | null, string>;
  readonly #persons: DataLoader<CustomerRow, Person | null>;

  constructor(sources: CustomerSources, actor: Actor) {
    this.#sources = sources;
    this.#actor = actor;
    this.#rows = new DataLoader((wanted) => this.#findAll(wanted), { cacheKeyFn: (one) => JSON.stringify(one) });
    this.#persons = new DataLoader((rows) => this.#openAll(rows));
  }

  /** Whoever is named so; null for nobody, for an erased customer and for a name that cannot be one. */
  find(wanted: CustomerWanted): Promise<CustomerRow | null> {
    return this.#rows.load(wanted);
  }

  /** By id. */
  byId(id: string): Promise<CustomerRow | null> {
    return this.find({ by: 'id', id });
  }

  /** The viewer's own customer; null for whoever has none. */
  async own(): Promise<CustomerRow | null> {
    const { identity } = this.#actor;
    return identity ? this.find({ by: 'identity', issuer: identity.issuer, subject: identity.subject }) : null;
  }

  /** By id, read again: after a change of this request, or for each event of a stream. */
  fresh(id: string): Promise<CustomerRow | null> {
    this.#rows.clearAll();
    return this.byId(id);
  }

  /** Opens what is sealed of a row; null when its key was destroyed. Whether it may be shown, the door decides. */
  person(row: CustomerRow): Promise<Person | null> {
    return this.#persons.load(row);
  }
}
