import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

/** A file of statements that brings a database from one state to the next. */
export interface Migration {
  /** The file's name: a date and a sentence. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the statements. */
  readonly checksum: string;
}

/** A migration that ran before is not what it was, or is not there any more. */
export class MigrationChanged extends Error {
  readonly code = 'MIGRATION_CHANGED';
  constructor(name: string) {
    super(`The migration ${name} ran already and is no longer what it was: write a new one instead.`);
    this.name = 'MigrationChanged';
  }
}

/** The migrations in a folder, in the order of their names. */
export function migrationsIn(folder: string): Migration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  return names.toSorted().map((name) => {
    const sql = readFileSync(join(folder, name), 'utf8');
    return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
}

const table = `create table if not exists migration (
  name text primary key,
  checksum text not null,
  applied_at timestamptz(3) not null default now()
)`;

/** Any number, the same for all who migrate. */
const lock = 7_203_114;

/**
 * Brings a database to the newest state: each migration in a transaction of its own, one process at a time.
 *
 * @returns the names of those that ran now
 * @throws MigrationChanged
 */
export async function applyMigrations(url: string, migrations: readonly Migration[]): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'migrate' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [lock]);
    return await applyMissing(client, migrations);
  } finally {
    await client.end();
  }
}

async function applyMissing(client: pg.Client, migrations: readonly Migration[]): Promise<string[]> {
  await client.query(table);
  const { rows } = await client.query<{ name: string; checksum: string }>('select name, checksum from migration');
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  const changed = rows.find(({ name, checksum }) => known.get(name)?.checksum !== checksum);
  if (changed) throw new MigrationChanged(changed.name);
  const done = new Set(rows.map(({ name }) => name));
  const missing = migrations.filter(({ name }) => !done.has(name));
  for (const migration of missing) await applyOne(client, migration);
  return missing.map(({ name }) => name);
}

async function applyOne(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query("set local lock_timeout = '5s'");
    await client.query(sql);
    await client.query('insert into migration (name, checksum) values ($1, $2)', [name, checksum]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
