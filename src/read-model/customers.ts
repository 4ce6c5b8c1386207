import type { KeyObject } from 'node:crypto';
import DataLoader from 'dataloader';
import type pg from 'pg';
import { type Actor, type Identity, type View, viewOf } from '../domain/access.ts';
import type { AccountStatus } from '../domain/account-status.ts';
import { type ContactChannel, type Contacts, noContacts, pendingOf } from '../domain/contacts.ts';
import type { Person as Sealed } from '../domain/person.ts';
import { ValidationFailed } from '../domain/errors.ts';
import { type EmailHashes, type EmailIndex, emailLookupOf, parseEmail } from '../domain/values/email.ts';
import { type PhoneNumber, phoneDetails } from '../domain/values/phone-number.ts';
import { systemClock } from '../platform/clock.ts';
import type { CustomerKeys } from '../platform/keys.ts';
import type { Seal } from '../platform/personal-data.ts';
import { cursorOf, type PageQuery, pageStatement } from './customer-page.ts';
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
  /** Whether it is the viewer's own; decided in the statement that read the row, or that of the customer she acts for. */
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
  readonly birthDate: string | null;
  /** As she typed it. */
  readonly email: string | null;
  /** As we compare it. */
  readonly emailLookup: string | null;
  readonly emailVerifiedAt: Date | null;
  /** The address that waits for its proof, or, proven, for the provider. */
  readonly pendingEmail: PendingShown | null;
  readonly phone: PhoneShown | null;
  /** The number that waits for its proof, or, proven, for the provider. */
  readonly pendingPhone: PendingShown | null;
}

/** Her number: the proven one, else one that waits for its proof. */
export interface PhoneShown {
  readonly number: string;
  readonly region: string;
  readonly national: string;
  readonly verified: boolean;
  readonly pending: string | null;
}

/** A contact that waits. */
export interface PendingShown {
  /** Names the change. */
  readonly id: string;
  readonly value: string;
  readonly expiresAt: Date;
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
  readonly #notes: DataLoader<string, true>;

  /** @param note  leaves with each of these customers that a person of staff saw her personal fields */
  constructor(sources: CustomerSources, actor: Actor, note: (ids: readonly string[]) => Promise<void>) {
    this.#sources = sources;
    this.#actor = actor;
    this.#rows = new DataLoader((wanted) => this.#findAll(wanted), { cacheKeyFn: (one) => JSON.stringify(one) });
    this.#persons = new DataLoader((rows) => this.#openAll(rows));
    this.#notes = new DataLoader(async (ids) => note(ids).then(() => ids.map(() => true)));
  }

  /** Whoever is named so; null for nobody, for an erased customer and for a name that cannot be one. */
  find(wanted: CustomerWanted): Promise<CustomerRow | null> {
    return this.#rows.load(wanted);
  }

  /** By id. */
  byId(id: string): Promise<CustomerRow | null> {
    return this.find({ by: 'id', id });
  }

  /** The viewer's own customer, or the one she acts for; null for whoever has none. */
  async own(): Promise<CustomerRow | null> {
    const { identity, acting } = this.#actor;
    if (acting) return this.byId(acting.customerId);
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

  /**
   * To be awaited before a personal field is shown: when a person sees somebody else's, the customer can see that she
   * did (contracts: access). Once for each customer of a request, and one write for all that are shown at a time.
   */
  async noted({ id, view }: CustomerRow): Promise<void> {
    if ((view === 'personal' || view === 'acting') && this.#actor.kind === 'person') await this.#notes.load(id);
  }

  /**
   * One page.
   *
   * @throws ValidationFailed for a cursor that is not from this list
   */
  async page(query: PageQuery): Promise<CustomerPage> {
    const { rows } = await this.#sources.pool.query<StoredRow>(pageStatement(this.#actor.identity, query));
    const page = rows.slice(0, query.first).map((row) => this.#seen(row));
    return {
      rows: page.map((row) => ({ row, cursor: cursorOf(row, query.order) })),
      hasNextPage: rows.length > query.first,
    };
  }

  /** The hashes by which an address is looked for; undefined for what is no address. */
  hashesOf(email: string): EmailHashes | undefined {
    try {
      return this.#sources.emailIndex.hashes(emailLookupOf(parseEmail(email)));
    } catch (error) {
      if (error instanceof ValidationFailed) return undefined;
      throw error;
    }
  }

  async #findAll(wanted: readonly CustomerWanted[]): Promise<(CustomerRow | null)[]> {
    const refs = wanted.map((one) => this.#refOf(one));
    const asked = [...new Set(refs.filter((ref) => ref !== undefined))];
    const found = new Map<CustomerRef, CustomerRow>();
    for (const row of asked.length ? await this.#query(asked) : []) {
      const ref = asked[row.ref];
      if (ref) found.set(ref, this.#seen(row));
    }
    return refs.map((ref) => (ref && found.get(ref)) ?? null);
  }

  #refOf(wanted: CustomerWanted): CustomerRef | undefined {
    if (wanted.by === 'id') return uuid.test(wanted.id) ? wanted : undefined;
    if (wanted.by === 'identity') return isStorable(wanted.issuer) && isStorable(wanted.subject) ? wanted : undefined;
    const hashes = this.hashesOf(wanted.email);
    return hashes && { by: 'email', ...hashes };
  }

  /** The cheapest statement for what is asked; always one. */
  async #query(refs: readonly CustomerRef[]): Promise<(StoredRow & { ref: number })[]> {
    const { pool } = this.#sources;
    const { identity } = this.#actor;
    const [only] = refs;
    if (refs.length === 1 && only?.by === 'identity' && identity && isSame(only, identity)) {
      const { rows } = await pool.query<StoredRow>(byOwnIdentity(identity));
      return rows.map((row) => ({ ...row, ref: 0 }));
    }
    const ids = refs.flatMap((ref) => (ref.by === 'id' ? [ref.id.toLowerCase()] : []));
    if (ids.length < refs.length) return (await pool.query<StoredRow & { ref: number }>(byRefs(identity, refs))).rows;
    const { rows } = await pool.query<StoredRow>(byIds(identity, ids));
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.flatMap((id, ref) => {
      const row = byId.get(id);
      return row ? [{ ...row, ref }] : [];
    });
  }

  #seen({ issuer, subject, ...row }: StoredRow): CustomerRow {
    const identity = issuer !== null && subject !== null ? { issuer, subject } : null;
    const { acting } = this.#actor;
    const own = acting ? row.id === acting.customerId : row.own;
    return { ...row, own, identity, view: viewOf(this.#actor, own, row.status) };
  }

  async #openAll(rows: readonly CustomerRow[]): Promise<(Person | null)[]> {
    const keys = await this.#sources.keys.getMany([...new Set(rows.map(({ keyId }) => keyId))]);
    return rows.map((row) => {
      const key = keys.get(row.keyId);
      return key ? this.#open(row, key) : null;
    });
  }

  #open({ id, keyId, sealed }: CustomerRow, key: KeyObject): Person {
    const place = { table: 'customer', column: 'sealed', row: id, keyId };
    const {
      email,
      phone,
      contacts = noContacts,
      ...names
    } = JSON.parse(this.#sources.seal.open(key, place, sealed)) as Sealed;
    return {
      displayName: names.displayName,
      givenName: names.givenName,
      familyName: names.familyName,
      birthDate: names.birthDate,
      email: email?.address ?? null,
      emailLookup: email ? emailLookupOf(email.address) : null,
      emailVerifiedAt: email?.verifiedAt ? new Date(email.verifiedAt) : null,
      pendingEmail: shownPending(contacts, 'EMAIL'),
      phone: shownPhone(phone ?? null, shownPending(contacts, 'SMS')?.value ?? null),
      pendingPhone: shownPending(contacts, 'SMS'),
    };
  }
}

/** One that nobody proved in time is not there any more, though no job has dropped it yet; a number that is to go is none. */
function shownPending(contacts: Contacts, channel: ContactChannel): PendingShown | null {
  const pending = pendingOf(contacts, channel, systemClock.now());
  return pending?.value ? { id: pending.id, value: pending.value, expiresAt: new Date(pending.expiresAt) } : null;
}

/** Numbers without a country are none that anybody could prove; one of them came from elsewhere, and is not shown. */
function shownPhone(phone: NonNullable<Sealed['phone']> | null, pending: string | null): PhoneShown | null {
  const number = phone?.number ?? (pending as PhoneNumber | null);
  if (!number) return null;
  const { region, national } = phoneDetails(number);
  if (region === null) return null;
  return { number, region, national, verified: !!phone?.verifiedAt, pending };
}

type StoredRow = Omit<CustomerRow, 'view' | 'identity'> & { issuer: string | null; subject: string | null };

/** Text that PostgreSQL can compare: no half characters, no zero byte, no more than a provider gives. */
function isStorable(text: string): boolean {
  return text.length <= 1000 && text.isWellFormed() && !text.includes('\0');
}

function isSame(one: Identity, other: Identity): boolean {
  return one.issuer === other.issuer && one.subject === other.subject;
}
