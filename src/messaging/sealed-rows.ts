import type { KeyObject } from 'node:crypto';
import type { EventArgs, EventSubscriber, FlushEventArgs, UnitOfWork } from '@mikro-orm/core';
import { CustomerAccount } from '../domain/customer-account.ts';
import { addressless } from '../domain/account-status.ts';
import type { Person } from '../domain/person.ts';
import { type EmailHashes, type EmailIndex, emailLookupOf } from '../domain/values/email.ts';
import type { KeyedHash, ParityHashes } from '../platform/keyed-hash.ts';
import type { CustomerKeys } from '../platform/keys.ts';
import type { Seal, SealedPlace } from '../platform/personal-data.ts';

/** What sealing needs. */
export interface Sealing {
  readonly keys: Pick<CustomerKeys, 'getMany'>;
  readonly seal: Seal;
  readonly emailIndex: EmailIndex;
  readonly phoneIndex: KeyedHash;
}

const closed: EmailHashes = { even: null, odd: null };
const isFindable = (status: string): boolean => !(addressless as readonly string[]).includes(status);
const placeOf = ({ id, keyId }: CustomerAccount): SealedPlace => ({
  table: 'customer',
  column: 'sealed',
  row: id,
  keyId,
});

/** Makes the unit of work see a change that was made while it flushes; else it is not written. */
export function compareAgain(uow: UnitOfWork, entity: object): void {
  if (uow.getChangeSets().some((set) => set.entity === entity)) uow.recomputeSingleChangeSet(entity);
  else uow.computeChangeSet(entity);
}

/** The customers that a flush knows: loaded ones and new ones. */
export function customersOf(uow: UnitOfWork): CustomerAccount[] {
  const known = [...uow.getIdentityMap(), ...uow.getChangeSets().map(({ entity }): unknown => entity)];
  return [...new Set(known)].filter((entity) => entity instanceof CustomerAccount);
}

/** What a row held when it was opened or sealed last. */
interface Opened {
  readonly json: string;
  readonly sealed: Uint8Array;
}

/** Opens sealed rows when they are loaded, all of one load with one look-up of keys, and seals what changed at flush. */
export class SealedRows implements EventSubscriber<CustomerAccount> {
  readonly #sealing: Sealing;
  readonly #opened = new WeakMap<CustomerAccount, Opened>();

  constructor(sealing: Sealing) {
    this.#sealing = sealing;
  }

  getSubscribedEntities(): (typeof CustomerAccount)[] {
    return [CustomerAccount];
  }

  /** Awaited entity after entity, so that the first opens all that came with it. */
  async onLoad({ em, entity }: EventArgs<CustomerAccount>): Promise<void> {
    if (this.#isOpen(entity)) return;
    const rows = new Set([entity, ...customersOf(em.getUnitOfWork())]);
    const shut = [...rows].filter((row) => !this.#isOpen(row) && row.sealed instanceof Uint8Array);
    const keys = await this.#sealing.keys.getMany([...new Set(shut.map(({ keyId }) => keyId))]);
    for (const row of shut) this.#open(row, keys.get(row.keyId));
  }

  /** A lock reads a row again that was loaded before it: then what was opened is not what is stored. */
  #isOpen(row: CustomerAccount): boolean {
    const opened = this.#opened.get(row);
    return opened !== undefined && Buffer.compare(opened.sealed, row.sealed) === 0;
  }

  /** Without its key a row stays shut: its customer is erased. */
  #open(row: CustomerAccount, key: KeyObject | undefined): void {
    const json = key && row.sealed.length ? this.#sealing.seal.open(key, placeOf(row), row.sealed) : 'null';
    this.#opened.set(row, { json, sealed: row.sealed });
    row.opened(JSON.parse(json) as Person | null);
  }

  async onFlush({ uow }: FlushEventArgs): Promise<void> {
    const changed = customersOf(uow).filter((row) => this.#isChanged(row));
    if (!changed.length) return;
    const stale = changed.some((row) => this.#opened.has(row) && !this.#isOpen(row));
    if (stale) throw new Error('A customer was read again without being opened again: load her by forUpdate().');
    const keys = await this.#sealing.keys.getMany([...new Set(changed.map(({ keyId }) => keyId))]);
    for (const row of changed) {
      const key = keys.get(row.keyId);
      if (!key) throw new Error('The key of a customer that changed is destroyed.');
      const json = JSON.stringify(row.person);
      const sealed = this.#sealing.seal.seal(key, placeOf(row), json);
      row.resealed(sealed, this.#emailHashes(row), this.#phoneHashes(row));
      this.#opened.set(row, { json, sealed: row.sealed });
      compareAgain(uow, row);
    }
  }

  #isChanged(row: CustomerAccount): boolean {
    return (
      row.person !== undefined && row.person !== null && JSON.stringify(row.person) !== this.#opened.get(row)?.json
    );
  }

  #emailHashes({ person, status }: CustomerAccount): EmailHashes {
    const address = person?.email?.address;
    return address && isFindable(status) ? this.#sealing.emailIndex.hashes(emailLookupOf(address)) : closed;
  }

  /** Only a proven number is anybody's. */
  #phoneHashes({ person, status, phoneVerified }: CustomerAccount): ParityHashes {
    const number = phoneVerified ? person?.phone?.number : undefined;
    return number && isFindable(status) ? this.#sealing.phoneIndex.hashes(number) : closed;
  }
}
