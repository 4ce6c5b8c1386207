import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/commands/migrate.ts';
import { applyMigrations, type Migration } from '../../src/platform/migrate.ts';
import { cloneDatabases, type TestDatabases } from '../support/database.ts';

let databases: TestDatabases;
beforeAll(async () => {
  databases = await cloneDatabases();
});
afterAll(() => databases.drop());

const migration = (name: string, sql: string): Migration => ({ name, sql, checksum: sql });

async function tables(): Promise<string[]> {
  const client = new pg.Client({ connectionString: databases.keysUrl });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  );
  await client.end();
  return rows.map(({ name }) => name);
}

describe('migrations', () => {
  test('a second run does nothing', async () => {
    expect(await migrate({ DATABASE_URL: databases.url, KEYS_DATABASE_URL: databases.keysUrl })).toEqual([]);
  });

  test('without addresses nothing begins', async () => {
    await expect(migrate({})).rejects.toThrow('must be given');
  });

  test('a migration that ran and is not what it was is refused; one that fails leaves nothing; ten at once run it once', async () => {
    const client = new pg.Client({ connectionString: databases.keysUrl });
    await client.connect();
    const { rows } = await client.query<Migration>(`select name, checksum, '' as sql from migration`);
    await client.end();
    const good = [...rows, migration('2_good.sql', 'create table good ()')];

    await expect(applyMigrations(databases.keysUrl, [migration('2_other.sql', '')])).rejects.toMatchObject({
      code: 'MIGRATION_CHANGED',
    });
    await expect(
      applyMigrations(databases.keysUrl, [...rows, migration('2_bad.sql', 'create table bad (); select 1 / 0')]),
    ).rejects.toThrow('division by zero');
    const ran = await Promise.all(Array.from({ length: 10 }, () => applyMigrations(databases.keysUrl, good)));

    expect(ran.flat()).toEqual(['2_good.sql']);
    expect(await tables()).toEqual(['customer_key', 'good', 'migration']);
  });
});
