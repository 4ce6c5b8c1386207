import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { v7 } from 'uuid';
import { decrypt, encrypt } from './personal-data.ts';

/** A key of one customer, in clear, in memory only. */
export interface CustomerKey {
  readonly id: string;
  readonly key: KeyObject;
}

const cachedKeys = 50_000;
/** How long another replica may still open what was erased here, in milliseconds. */
const cachedMs = 60_000;

/** A stored key is wrapped by a key-encryption key that is not configured, or is not what was written. */
export class KeyNotReadable extends Error {
  readonly code = 'KEY_NOT_READABLE';
  constructor(id: string, kek: string) {
    super(`The customer key ${id} cannot be unwrapped with the key-encryption key ${kek}.`);
    this.name = 'KeyNotReadable';
  }
}

interface KeyRow {
  readonly id: string;
  readonly wrapped: Buffer;
  readonly kek: string;
}

/** The keys of customers: stored wrapped in a database of their own, cached in clear, destroyed for ever. */
export class CustomerKeys {
  readonly #pool: pg.Pool;
  readonly #keks: ReadonlyMap<string, KeyObject>;
  readonly #current: string;
  readonly #cache = new LRUCache<string, KeyObject>({ max: cachedKeys, ttl: cachedMs });

  /**
   * @param pool     of the database of keys
   * @param keyring  32-byte key-encryption keys by id; the last wraps new keys, the others are read
   */
  constructor(pool: pg.Pool, keyring: ReadonlyMap<string, Buffer>) {
    this.#pool = pool;
    this.#keks = new Map([...keyring].map(([id, bytes]) => [id, createSecretKey(bytes)]));
    const current = [...keyring.keys()].at(-1);
    if (current === undefined) throw new Error('There is no key-encryption key.');
    this.#current = current;
  }

  /** Makes a key. It is committed when this returns: whoever fails afterwards leaves a key that is swept. */
  async create(): Promise<CustomerKey> {
    const id = v7();
    const bytes = randomBytes(32);
    const values = [id, this.#wrap(id, bytes), this.#current];
    await this.#pool.query({
      name: 'customer_key_create',
      text: 'insert into customer_key (id, wrapped, kek) values ($1, $2, $3)',
      values,
    });
    const key = createSecretKey(bytes);
    bytes.fill(0);
    this.#cache.set(id, key);
    return { id, key };
  }

  /** Keys by id, in one statement at most; destroyed and unknown ones are absent. */
  async getMany(ids: readonly string[]): Promise<ReadonlyMap<string, KeyObject>> {
    const found = new Map<string, KeyObject>();
    const missing = new Set<string>();
    for (const id of ids) {
      const key = this.#cache.get(id);
      if (key) found.set(id, key);
      else missing.add(id);
    }
    if (!missing.size) return found;
    const { rows } = await this.#pool.query<KeyRow>({
      name: 'customer_key_read',
      text: 'select id, wrapped, kek from customer_key where id = any($1::uuid[]) and destroyed_at is null',
      values: [[...missing]],
    });
    for (const row of rows) {
      const key = createSecretKey(this.#unwrap(row));
      this.#cache.set(row.id, key);
      found.set(row.id, key);
    }
    return found;
  }

  /** Destroys keys for ever: nothing that was sealed with them can be opened again. */
  async destroy(ids: readonly string[]): Promise<void> {
    await this.#pool.query({
      name: 'customer_key_destroy',
      text: `update customer_key set wrapped = '', destroyed_at = now() where id = any($1::uuid[]) and destroyed_at is null`,
      values: [ids],
    });
    for (const id of ids) this.#cache.delete(id);
  }

  /** Ids of living keys that were made before a time, in order, from after an id on. */
  async madeBefore(time: Date, after: string, limit: number): Promise<string[]> {
    const text = `select id from customer_key where id > $1 and created_at < $2 and destroyed_at is null order by id limit $3`;
    const { rows } = await this.#pool.query<{ id: string }>(text, [after, time, limit]);
    return rows.map(({ id }) => id);
  }

  /** Deletes keys that never sealed anything: unlike a destroyed one they leave nothing. */
  async remove(ids: readonly string[]): Promise<void> {
    await this.#pool.query('delete from customer_key where id = any($1::uuid[])', [ids]);
    for (const id of ids) this.#cache.delete(id);
  }

  /**
   * Wraps keys of older key-encryption keys with the current one. Call it until it returns 0; then the older ones can go.
   *
   * @returns how many were wrapped anew, at most `limit`
   */
  async rewrap(limit = 500): Promise<number> {
    const { rows } = await this.#pool.query<KeyRow>({
      text: `select id, wrapped, kek from customer_key where kek <> $1 and destroyed_at is null order by id limit $2`,
      values: [this.#current, limit],
    });
    const wrapped = rows.map((row) => this.#wrap(row.id, this.#unwrap(row)));
    const { rowCount } = await this.#pool.query({
      text: `update customer_key k set wrapped = n.wrapped, kek = $1
        from unnest($2::uuid[], $3::bytea[]) as n (id, wrapped) where k.id = n.id and k.destroyed_at is null`,
      values: [this.#current, rows.map(({ id }) => id), wrapped],
    });
    return rowCount ?? 0;
  }

  #wrap(id: string, bytes: Buffer): Buffer {
    const kek = this.#keks.get(this.#current);
    if (!kek) throw new KeyNotReadable(id, this.#current);
    return encrypt(kek, contextOf(id, this.#current), bytes);
  }

  #unwrap({ id, wrapped, kek }: KeyRow): Buffer {
    const key = this.#keks.get(kek);
    const bytes = key && decrypt(key, contextOf(id, kek), wrapped);
    if (!bytes) throw new KeyNotReadable(id, kek);
    return bytes;
  }
}

const contextOf = (id: string, kek: string): string => JSON.stringify(['customer_key', id, kek]);
