import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { createLog } from '../../../src/platform/log.ts';
import { openPool } from '../../../src/platform/database.ts';
import { type Revocations, watchRevocations } from '../../../src/platform/revocations.ts';
import { cloneDatabases, type TestDatabases } from '../../support/database.ts';
import { type EdgeWorld, openEdge, tokenOfCustomer } from '../../support/edge-world.ts';
import { SocketClient } from '../../support/socket-client.ts';

const clock = { now: () => new Date() };
const issuer = 'https://issuer.example/realms/customer';
const bySid = `insert into revocation (issuer, sid, expires_at) values ($1, $2, now() + interval '1 hour')`;
const soon = { timeout: 3000 };

describe('what is revoked, as a replica knows it (design, decision 22)', () => {
  let databases: TestDatabases;
  let pool: pg.Pool;
  const watching: Revocations[] = [];
  beforeAll(async () => {
    databases = await cloneDatabases();
    pool = openPool({ url: databases.url, pool: 4 });
  });
  afterEach(async () => {
    vi.useRealTimers();
    for (const each of watching.splice(0)) await each.stop();
  });
  afterAll(async () => {
    await pool.end();
    await databases.drop();
  });

  async function watch(url = databases.url): Promise<Revocations> {
    const revocations = await watchRevocations(url, clock, createLog('silent'));
    watching.push(revocations);
    return revocations;
  }
  const isOver = (revocations: Revocations, sid: string): boolean =>
    revocations.isRevoked({ issuer, subject: 's', sid, issuedAt: 0 });

  test('what was there before is known at the start', async () => {
    const sid = randomUUID();
    await pool.query(bySid, [issuer, sid]);

    expect(isOver(await watch(), sid)).toBe(true);
  });

  test('it is told at once, without waiting for the next look', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    const revocations = await watch();
    vi.useRealTimers();
    const sid = randomUUID();

    await pool.query(bySid, [issuer, sid]);

    await expect.poll(() => isOver(revocations, sid), soon).toBe(true);
  });

  test('it is found by looking again, when nothing was told', async () => {
    const revocations = await watch();
    const sid = randomUUID();
    await pool.query('alter table revocation disable trigger revocation_told');

    await pool.query(bySid, [issuer, sid]);

    await expect.poll(() => isOver(revocations, sid), soon).toBe(true);
    await pool.query('alter table revocation enable trigger revocation_told');
  });

  test.each(['told', 'not told'])('one that was committed long after it was begun is found, %s', async (way) => {
    const revocations = await watch();
    const [slow, fast] = [randomUUID(), randomUUID()];
    await pool.query(`alter table revocation ${way === 'told' ? 'enable' : 'disable'} trigger revocation_told`);
    const client = await pool.connect();
    await client.query('begin');
    // As `now()` says in a transaction that was begun a minute ago.
    await client.query(
      `insert into revocation (issuer, sid, expires_at, revoked_at) values ($1, $2, now() + interval '1 hour', now() - interval '1 minute')`,
      [issuer, slow],
    );
    await pool.query(bySid, [issuer, fast]);
    await expect.poll(() => isOver(revocations, fast), soon).toBe(true);
    expect(isOver(revocations, slow)).toBe(false);

    await client.query('commit');
    client.release();

    await expect.poll(() => isOver(revocations, slow), soon).toBe(true);
    await pool.query('alter table revocation enable trigger revocation_told');
  });

  test('of a subject it means tokens issued before, by the same issuer, and no others', async () => {
    const [subject, cut] = [randomUUID(), 1_700_000_000];
    await pool.query(
      `insert into revocation (issuer, subject, issued_before, expires_at) values ($1, $2, to_timestamp($3), now() + interval '1 hour')`,
      [issuer, subject, cut],
    );
    const revocations = await watch();
    const isRevoked = (issuedAt: number, by = issuer, who: string = subject): boolean =>
      revocations.isRevoked({ issuer: by, subject: who, sid: 'any', issuedAt });

    expect([isRevoked(cut - 1), isRevoked(cut), isRevoked(cut + 1)]).toEqual([true, false, false]);
    expect([isRevoked(cut - 1, 'https://other.example'), isRevoked(cut - 1, issuer, 'other')]).toEqual([false, false]);
  });

  test('a database that does not answer is not trusted', async () => {
    expect((await watch('postgres://127.0.0.1:1/none')).trusted()).toBe(false);
    expect((await watch()).trusted()).toBe(true);
  });
});

describe('a list that cannot be read for ten seconds', () => {
  let edge: EdgeWorld;
  let token: string;
  beforeAll(async () => {
    edge = await openEdge();
    token = await tokenOfCustomer(edge);
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => edge.stop());

  const ask = (): Promise<Response> => edge.ask({ query: '{ me { id } }' }, { authorization: `Bearer ${token}` });

  /** Cuts the list's own connection, and lets it have no other; those of the pool stay. */
  async function blind(away: boolean): Promise<void> {
    const { rows } = await edge.running.parts.pool.query<{ name: string }>('select current_database() as name');
    const client = new pg.Client({ connectionString: inject('postgresUrl') });
    await client.connect();
    await client.query(`alter database ${rows[0]?.name} allow_connections ${!away}`);
    if (away)
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'customer-revocations' and datname = $1`,
        [rows[0]?.name],
      );
    await client.end();
  }

  test('refuses every token and ends what lasts, and is trusted again once it can be read', async () => {
    expect((await ask()).status).toBe(200);
    const her = await new SocketClient(edge.url).enter(token);
    const live = await edge.ask(
      { query: 'subscription { customerChanged { cursor } }' },
      { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    );
    await blind(true);
    await expect.poll(() => edge.log().includes('revocations cannot be read'), soon).toBe(true);
    expect((await ask()).status).toBe(200);

    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 10_000);
    const refused = await ask();

    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await her.closed).toBe(4403);
    await live.text().catch(() => 'cut');
    expect(await new SocketClient(edge.url).enter(token).catch(() => 'not let in')).toBe('not let in');
    await blind(false);
    await expect.poll(async () => (await ask()).status, soon).toBe(200);
  });
});
