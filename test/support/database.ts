import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { templates } from './global-setup.ts';

/** Both databases of one test file, migrated and empty. */
export interface TestDatabases {
  /** Connection addresses, as `DATABASE_URL` and `KEYS_DATABASE_URL`. */
  readonly url: string;
  readonly keysUrl: string;
  /** Drops both; connections that are open are ended. */
  drop(): Promise<void>;
}

async function run(statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

const urlOf = (database: string): string =>
  Object.assign(new URL(inject('postgresUrl')), { pathname: `/${database}` }).href;

/** Copies the migrated templates. Takes about 30 ms each. */
export async function cloneDatabases(): Promise<TestDatabases> {
  const suffix = randomBytes(6).toString('hex');
  const names = { main: `test_${suffix}`, keys: `test_keys_${suffix}` };
  const clone = (from: string, to: string): string => `create database ${to} template ${from} strategy file_copy`;
  await run([clone(templates.main, names.main), clone(templates.keys, names.keys)]);
  return {
    url: urlOf(names.main),
    keysUrl: urlOf(names.keys),
    drop: () => run(Object.values(names).map((name) => `drop database if exists ${name} with (force)`)),
  };
}
