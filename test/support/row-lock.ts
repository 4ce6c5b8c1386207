import pg from 'pg';

/** Rows that nobody else may write until they are let go. */
export interface RowLock {
  /** The ids of the locked rows. */
  readonly ids: readonly string[];
  release(): Promise<void>;
}

/**
 * Holds rows as a transaction that does not end.
 *
 * @param statement  a `select id … for update`
 */
export async function lockRows(url: string, statement: string, values: readonly unknown[] = []): Promise<RowLock> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  const { rows } = await client.query<{ id: string }>(statement, [...values]);
  return {
    ids: rows.map(({ id }) => id),
    async release() {
      await client.query('rollback');
      await client.end();
    },
  };
}

/** Holds all lanes of the relay, so that no fact leaves until they are let go. */
export async function holdLanes(url: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('select pg_advisory_lock(7, lane) from generate_series(0, 15) as lane');
  return () => client.end();
}

/** Whether somebody waits for a lock in this database. */
export async function isWaitedFor(pool: pg.Pool, database: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `select from pg_stat_activity where datname = $1 and wait_event_type = 'Lock' and state = 'active'`,
    [database],
  );
  return (rowCount ?? 0) > 0;
}
