import { type EntitySchema, MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';

/** Where a database is, and how many connections may lead there. */
export interface DatabaseAccess {
  readonly url: string;
  readonly pool: number;
}

/** The main database: the ORM for changes, its pool for reads. */
export interface Database {
  readonly orm: MikroORM;
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/** A class that the ORM keeps. */
export type Mapped = Parameters<typeof MikroORM.init>[0] extends { entities?: readonly (infer E)[] } ? E : EntitySchema;

/** An answer within seconds, or an error: somebody waits for it. */
const limits = {
  connectionTimeoutMillis: 3_000,
  statement_timeout: 10_000,
  lock_timeout: 5_000,
  idle_in_transaction_session_timeout: 15_000,
  // The server may be gone without a word; then no timeout of its own helps.
  query_timeout: 12_000,
  keepAlive: true,
} as const;

const timestamptz = 1184;

const opensOrUndoes = /^(begin|start transaction|rollback)$/i;

/**
 * Kysely keeps a connection for good when `begin` or `rollback` fails on it, so that each transaction that an outage broke
 * would take one from the pool, until none is left. Such a connection is given back here, to be thrown away.
 */
function giveBackBroken(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  const watching = (...args: unknown[]): unknown => {
    const answer = query(...args);
    if (answer instanceof Promise && typeof args[0] === 'string' && opensOrUndoes.test(args[0])) {
      answer.catch(() => {
        client.release(true);
        // Others do give back what they took.
        client.release = () => undefined;
      });
    }
    return answer;
  };
  Object.assign(client, { query: watching });
}

/**
 * Connects to the main database, on the first statement.
 *
 * @param entities  the classes that the ORM keeps
 */
export async function openDatabase(access: DatabaseAccess, entities: readonly Mapped[]): Promise<Database> {
  const orm = new MikroORM({
    clientUrl: access.url,
    entities: [...entities],
    pool: { min: 0, max: access.pool },
    // It would connect at once, and make the database if there is none.
    ensureDatabase: false,
    driverOptions: {
      ...limits,
      application_name: 'customer',
      onPoolCreated: (pool: pg.Pool) => {
        // The ORM leaves times as texts; readers of the pool want dates, which the ORM takes as well.
        const types = pool.options.types as unknown as {
          setTypeParser(oid: number, parse: (text: string) => Date): void;
        };
        types.setTypeParser(timestamptz, (text) => new Date(text));
        pool.on('connect', giveBackBroken);
      },
    },
    // A value in a message of the ORM would be a value in the log.
    logger: () => undefined,
    debug: false,
  });
  const pool = await orm.em.getConnection().getNativeClient();
  return { orm, pool, close: () => orm.close() };
}

/** A pool for a database without entities, with the same limits. */
export function openPool(access: DatabaseAccess): pg.Pool {
  const options = { connectionString: access.url, max: access.pool, application_name: 'customer', ...limits };
  const pool = new pg.Pool(options);
  // An idle connection that breaks is replaced; without a listener it would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

const outageCodes =
  /^(08|57P0[123]|53[03]|25P03|57014|55P03|ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)/;
const outageMessages =
  /^(timeout exceeded when trying to connect|Query read timeout|Connection terminated|Client has encountered a connection error|Cannot use a pool after calling end)/;

/** Whether the error means that the database cannot be reached or does not answer in time, rather than that we are wrong. */
export function isOutage(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'string' && outageCodes.test(code)) return true;
    if (outageMessages.test(at.message)) return true;
    if (at instanceof AggregateError && at.errors.some(isOutage)) return true;
  }
  return false;
}
