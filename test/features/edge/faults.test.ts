import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import type { GraphQLError } from 'graphql';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Unavailable } from '../../../src/domain/errors.ts';
import { channelOf } from '../../../src/messaging/live-updates.ts';
import { createLog } from '../../../src/platform/log.ts';
import { masked } from '../../../src/server/graphql.ts';
import { type EdgeWorld, openEdge, tokenOfCustomer } from '../../support/edge-world.ts';
import { SocketClient } from '../../support/socket-client.ts';

let edge: EdgeWorld;
let token: string;
beforeAll(async () => {
  edge = await openEdge();
  token = await tokenOfCustomer(edge);
});
afterAll(() => edge.stop());

interface Line {
  msg: string;
  requestId?: string;
  path?: string;
}
const logged = (msg: string): Line[] =>
  edge
    .log()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.msg === msg);

/** While a table is not there, what reads it meets an error that nobody expects. */
async function without<T>(table: string, work: () => Promise<T>): Promise<T> {
  const { pool } = edge.running.parts;
  await pool.query(`alter table ${table} rename to ${table}_away`);
  try {
    return await work();
  } finally {
    await pool.query(`alter table ${table}_away rename to ${table}`);
  }
}

const bearer = (one = token): Record<string, string> => ({ authorization: `Bearer ${one}` });
const words = /identity_link|relation|does not exist|42P01|Error:|at .*:\d+/;

describe('an error that nobody expects (ASVS 16.5)', () => {
  test('in a resolver is told without a word of it, and logged once with its request', async () => {
    expect((await edge.ask({ query: '{ me { id } }' }, bearer())).status).toBe(200);

    const answer = await without('identity_link', () => edge.ask({ query: '{ me { id } }' }, bearer()));

    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({
      errors: [{ message: 'Something went wrong.', path: ['me'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    });
    expect(text).not.toMatch(words);
    expect(logged('a request to the graph failed')).toMatchObject([
      { path: 'me', requestId: answer.headers.get('x-request-id') },
    ]);
  });

  test('in a subscription likewise, over a socket and over HTTP', async () => {
    const query = 'subscription { customerChanged { cursor } }';
    const before = logged('a request to the graph failed').length;
    const her = await new SocketClient(edge.url).enter(token);
    const headers = { ...bearer(), accept: 'text/event-stream' };

    const [line, text] = await without('identity_link', async () => [
      JSON.stringify(await her.ask(query)),
      await (await edge.ask({ query }, headers)).text(),
    ]);

    for (const told of [line, text]) {
      expect(told).toContain('Something went wrong.');
      expect(told).not.toMatch(words);
    }
    const lines = logged('a request to the graph failed').slice(before);
    expect(lines).toHaveLength(2);
    for (const { requestId } of lines) expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    her.end();
  });

  test('in the middle of a stream likewise', async () => {
    const her = await new SocketClient(edge.url).enter(token);
    await her.ask('subscription { customerChanged { cursor } }');
    const redis = new Redis(inject('redisUrl'));
    const { rows } = await edge.running.parts.pool.query<{ id: string }>('select customer_id as id from identity_link');

    const line = await without('identity_link', async () => {
      await redis.publish(channelOf(rows[0]?.id ?? ''), JSON.stringify({ sequence: 1000 }));
      return her.heard(({ type }) => type === 'error');
    });

    expect(JSON.stringify(line)).toContain('Something went wrong.');
    expect(JSON.stringify(line)).not.toMatch(words);
    await redis.quit();
    her.end();
  });

  test('before anybody is known likewise', async () => {
    const stranger = await edge.token(randomUUID());

    const answer = await without('identity_link', () => edge.ask({ query: '{ me { id } }' }, bearer(stranger)));

    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({
      type: 'about:blank',
      title: 'Something went wrong.',
      status: 500,
      code: 'INTERNAL_SERVER_ERROR',
    });
    expect(logged('a request failed')).toMatchObject([{ requestId: answer.headers.get('x-request-id') }]);
  });

  test('when the database does not answer in time is an outage', async () => {
    const stranger = await edge.token(randomUUID());
    const client = await edge.running.parts.pool.connect();
    await client.query('begin');
    await client.query('lock table identity_link in access exclusive mode');

    const answer = await edge.ask({ query: '{ me { id } }' }, bearer(stranger));
    await client.query('rollback');
    client.release();

    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await answer.text()).not.toMatch(/lock|timeout/);
  });

  test('at a page or a route likewise', async () => {
    const cookie = `__Host-refresh=${Buffer.alloc(32).toString('base64url')}`;

    const answer = await without('session_token', () => fetch(`${edge.url}/auth/session`, { headers: { cookie } }));

    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toMatch(words);
    expect(logged('route failed')).toMatchObject([{ requestId: answer.headers.get('x-request-id') }]);
  });
});

describe('whoever is slow', () => {
  /** How long a connection stays open that says no more than this. */
  function staysOpen(text: string): Promise<{ seconds: number; answer: string }> {
    const { hostname, port } = new URL(edge.url);
    const began = performance.now();
    return new Promise((resolve) => {
      let answer = '';
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket.on('data', (data) => (answer += String(data))).on('error', () => undefined);
      socket.on('close', () => resolve({ seconds: (performance.now() - began) / 1000, answer }));
    });
  }

  test('with headers or a body, or says nothing more, is cut off within fifteen seconds', async () => {
    const post = 'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{';

    const [headers, body, idle] = await Promise.all(
      ['GET / HTTP/1.1\r\nHost: a\r\nX: ', post, 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'].map(staysOpen),
    );

    expect(headers?.seconds).toBeLessThan(8);
    expect(headers?.answer).toMatch(/^HTTP\/1.1 408 /);
    expect(body?.seconds).toBeLessThan(15);
    expect(body?.answer).toMatch(/^HTTP\/1.1 408 /);
    expect(idle?.seconds).toBeGreaterThan(8);
    expect(idle?.seconds).toBeLessThan(15);
    expect(idle?.answer).toMatch(/^HTTP\/1.1 404 /);
  });
});

test('an error of ours keeps what it knows, however often it is masked', () => {
  const log = createLog('silent');
  const once = masked(new Unavailable(5), log);

  expect((masked(once, log) as GraphQLError).extensions).toEqual({
    code: 'PROVIDER_UNAVAILABLE',
    retryAfterSeconds: 5,
  });
});
