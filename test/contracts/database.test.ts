import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classificationOf, tables } from '../../src/domain/classification.ts';
import { entities } from '../../src/entities.ts';
import { type Database, openDatabase, openPool } from '../../src/platform/database.ts';
import { cloneDatabases, type TestDatabases } from '../support/database.ts';
import { databaseText, tablesOf } from '../support/database-text.ts';

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

const columnsQuery = `select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable
  from pg_attribute a join pg_class c on c.oid = a.attrelid
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped order by 1, 2`;

let databases: TestDatabases;
let main: Database;
let keys: pg.Pool;
beforeAll(async () => {
  databases = await cloneDatabases();
  main = await openDatabase({ url: databases.url, pool: 2 }, entities);
  keys = openPool({ url: databases.keysUrl, pool: 2 });
});
afterAll(async () => {
  await main.close();
  await keys.end();
  await databases.drop();
});

const columnsOf = async (pool: pg.Pool): Promise<Column[]> => (await pool.query<Column>(columnsQuery)).rows;

/** Column types as PostgreSQL names them. */
const asStored = (type: string): string =>
  type
    .replace(/^int$/, 'integer')
    .replace(/^varchar/, 'character varying')
    .replace(/^char\(/, 'character(')
    .replace(/^timestamptz\((\d)\)$/, 'timestamp($1) with time zone');

describe('database', () => {
  test('schema/database.sql shows both databases as they are after all migrations', async () => {
    const text = [
      '-- Written by the contract test of the database (`vitest run --project contracts -u`), for review. Never executed.',
      '-- The main database.',
      await databaseText(main.pool),
      '-- The database of customer keys.',
      await databaseText(keys),
    ].join('\n\n');

    await expect(`${text}\n`).toMatchFileSnapshot('../../schema/database.sql');
  });

  test('the classes that the ORM keeps are what the migrations made', async () => {
    const stored = await columnsOf(main.pool);

    for (const meta of main.orm.getMetadata().getAll().values()) {
      const mapped = meta.props
        .filter(({ persist }) => persist !== false)
        .map((prop) => ({
          table: meta.tableName,
          name: prop.fieldNames[0],
          type: asStored(prop.columnTypes[0] ?? ''),
          nullable: prop.nullable ?? false,
        }));
      expect(mapped.toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1))).toEqual(
        stored.filter(({ table }) => table === meta.tableName),
      );
    }
  });
});

describe('classification (design §6)', () => {
  test('every column of every table is classified', async () => {
    const every = [...(await columnsOf(main.pool)), ...(await columnsOf(keys))];

    expect(every.filter(({ table, name }) => !classificationOf(table, name))).toEqual([]);
  });

  test('a column that a migration adds is noticed', async () => {
    await main.pool.query('alter table customer add column shoe_size integer');

    const missing = (await columnsOf(main.pool)).filter(({ table, name }) => !classificationOf(table, name));

    expect(missing.map(({ name }) => name)).toEqual(['shoe_size']);
    await main.pool.query('alter table customer drop column shoe_size');
  });

  test('nothing is classified that is not there', async () => {
    const every = [...(await columnsOf(main.pool)), ...(await columnsOf(keys))].map(
      ({ table, name }) => `${table}.${name}`,
    );
    const classified = Object.entries(tables).flatMap(([table, { columns }]) =>
      Object.keys(columns).map((name) => `${table}.${name}`),
    );

    expect(classified.filter((name) => !every.includes(name))).toEqual([]);
    expect(new Set([...(await tablesOf(main.pool)), ...(await tablesOf(keys))])).toEqual(new Set(Object.keys(tables)));
  });

  test('what is sealed or hashed lies in bytes, never in text', async () => {
    const every = [...(await columnsOf(main.pool)), ...(await columnsOf(keys))];
    const closed = every.filter(({ table, name }) => {
      const { class: dataClass } = classificationOf(table, name) ?? {};
      return dataClass === 'SEALED' || dataClass === 'KEYED_HASH' || dataClass === 'SECRET';
    });

    expect(closed.filter(({ type }) => type !== 'bytea')).toEqual([]);
  });
});
