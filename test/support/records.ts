import type pg from 'pg';
import type { EntityManager } from '@mikro-orm/postgresql';
import { system } from '../../src/domain/access.ts';
import { CustomerAccount } from '../../src/domain/customer-account.ts';
import type { Registration } from '../../src/domain/registration.ts';
import { type EmailIndex, parseEmail } from '../../src/domain/values/email.ts';
import { entities } from '../../src/entities.ts';
import { createJournal, type TransactAs } from '../../src/messaging/journal.ts';
import { openDatabase, openPool } from '../../src/platform/database.ts';
import { createKeyedHash, type KeyedHash } from '../../src/platform/keyed-hash.ts';
import { CustomerKeys } from '../../src/platform/keys.ts';
import { createSeal, type Seal } from '../../src/platform/personal-data.ts';
import { v7 } from 'uuid';
import { cloneDatabases, type TestDatabases } from './database.ts';

/** A database of customers with its journal, without any door before it. */
export interface Records extends AsyncDisposable {
  readonly databases: TestDatabases;
  readonly pool: pg.Pool;
  readonly keysPool: pg.Pool;
  readonly keys: CustomerKeys;
  readonly seal: Seal;
  readonly emailIndex: EmailIndex;
  readonly fingerprints: KeyedHash;
  readonly phoneIndex: KeyedHash;
  readonly transactAs: TransactAs;
  /** Runs work as a job of ours. */
  transact<T>(work: (em: EntityManager) => Promise<T>): Promise<T>;
  /** Registers somebody, with a proven address unless said otherwise. */
  register(email: string, more?: Partial<Registration>): Promise<string>;
}

/** Key-encryption keys and index keys for tests. */
export const keyring = (...ids: string[]): Map<string, Buffer> =>
  new Map(ids.map((id) => [id, Buffer.alloc(32, `key ${id}`)]));

/** Opens records over new databases, or over `databases` of another one. */
export async function openRecords(
  options: { indexKeys?: Map<string, Buffer>; databases?: TestDatabases } = {},
): Promise<Records> {
  const databases = options.databases ?? (await cloneDatabases());
  const { orm, pool, close } = await openDatabase({ url: databases.url, pool: 20 }, entities);
  const keysPool = openPool({ url: databases.keysUrl, pool: 4 });
  const keys = new CustomerKeys(keysPool, keyring('kek-1'));
  const indexKeys = options.indexKeys ?? keyring('1');
  const fingerprints = createKeyedHash('keycloak-user', indexKeys);
  const indexes = { emailIndex: createKeyedHash('email', indexKeys), phoneIndex: createKeyedHash('phone', indexKeys) };
  const parts = { keys, seal: createSeal(), ...indexes, fingerprints };
  const clock = { now: () => new Date() };
  const { transactAs } = createJournal({ ...parts, orm, clock, source: 'urn:customers' });
  const transact: Records['transact'] = (work) => transactAs({ actor: system('test'), requestId: v7() }, work);
  return {
    ...parts,
    databases,
    pool,
    keysPool,
    transactAs,
    transact,
    async register(email, more = {}) {
      const { id: keyId } = await keys.create();
      const id = v7();
      const base = { id, keyId, method: 'PASSWORD', email: parseEmail(email), emailVerified: true } as const;
      const change = { at: clock.now(), by: 'SELF' } as const;
      await transact(async (em) => void em.persist(CustomerAccount.register({ ...base, ...more }, change)));
      return id;
    },
    async [Symbol.asyncDispose]() {
      await close();
      await keysPool.end();
      if (!options.databases) await databases.drop();
    },
  };
}
