import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';
import { SocketClient } from '../../support/socket-client.ts';

let edge: EdgeWorld;
const subject = randomUUID();
beforeAll(async () => {
  edge = await openEdge();
  await linkedCustomer(edge, subject);
});
afterAll(() => edge.stop());

const change = 'subscription { customerChanged { snapshot customer { givenName } } }';
const client = (headers: Record<string, string> = {}): SocketClient => new SocketClient(edge.url, headers);
const entered = async (token: string): Promise<SocketClient> => client().enter(token);

describe('sockets (ASVS 4.4)', () => {
  test('a customer sees herself first, then her change', async () => {
    const token = await edge.token(subject);
    const her = await entered(token);
    await her.ask(change);

    const body = {
      query: 'mutation { updateProfile(input: { expectedVersion: 1, givenName: "Grace" }) { __typename } }',
    };
    await edge.ask(body, { authorization: `Bearer ${token}` });

    const names = (): unknown[] =>
      her.lines.flatMap(({ payload }) => payload?.data?.customerChanged?.customer.givenName ?? []);
    await expect.poll(names, { timeout: 5000 }).toContain('Grace');
    her.end();
  });

  test.each([
    ['a foreign origin', { origin: 'http://evil.example' }, 403],
    ['a page without an origin', { origin: 'null' }, 403],
    ['a bearer in the upgrade', { authorization: 'Bearer x' }, 400],
  ])('%s never becomes a socket', async (_name, headers, status) => {
    expect(await client(headers).closed).toBe(status);
  });

  test('without a credential the socket is closed', async () => {
    const stranger = client();
    await stranger.opened;

    stranger.send({ type: 'connection_init' });

    expect(await stranger.closed).toBe(4403);
  });

  test('who asks before coming in, comes in twice, or asks twice under one id is cut off', async () => {
    const token = await edge.token(subject);
    const early = client();
    await early.opened;
    early.send({ id: '1', type: 'subscribe', payload: { query: change } });
    const twice = await entered(token);
    twice.send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
    const same = await entered(token);
    await same.ask(change);
    same.send({ id: '1', type: 'subscribe', payload: { query: change } });

    expect(await Promise.all([early.closed, twice.closed, same.closed])).toEqual([4401, 4429, 4409]);
  });

  test('a ping is answered, and a stream that the client ends says no more', async () => {
    const her = await entered(await edge.token(subject));
    await her.ask(change);

    her.send({ id: '1', type: 'complete' });
    her.send({ type: 'ping' });
    await her.heard(({ type }) => type === 'pong');
    await edge.ask(
      { query: 'mutation { updateProfile(input: { expectedVersion: 1, familyName: "X" }) { __typename } }' },
      { authorization: `Bearer ${await edge.token(subject)}` },
    );
    await her.ask(change, '2');

    expect(her.lines.filter(({ id, type }) => id === '1' && type === 'next')).toHaveLength(1);
    her.end();
  });

  test('who names no protocol is told that there is one', async () => {
    const other = new WebSocket(`${edge.url.replace('http', 'ws')}/graphql`);

    expect(await new Promise((resolve) => other.on('close', resolve))).toBe(4406);
  });

  test('who says nothing for three seconds is cut off', async () => {
    expect(await client().closed).toBe(4408);
  });

  test.each([
    ['of 100 KB', 'x'.repeat(100_000), 1009],
    ['that is no JSON', '{', 4400],
    ['that only a server sends', '{"id":"1","type":"next","payload":{}}', 4500],
  ])('a message %s closes the socket, and nothing is printed', async (_name, message, code) => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const rude = client();
    await rude.opened;

    rude.send(message);

    expect(await rude.closed).toBe(code);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  test('what went wrong on a socket is one line of the log', async () => {
    const before = edge.log().split('\n').length - 1;
    const rude = client();
    await rude.opened;

    rude.send('x'.repeat(100_000));
    await rude.closed;

    const lines = edge.log().split('\n').slice(before);
    expect(lines.filter((line) => line.includes('a socket was closed for an error'))).toHaveLength(1);
  });

  test('neither queries nor mutations come over a socket', async () => {
    const her = await entered(await edge.token(subject));

    for (const [id, query] of [
      ['q', '{ me { id } }'],
      ['m', 'mutation { updateProfile(input: { expectedVersion: 1 }) { __typename } }'],
    ] as const) {
      expect(await her.ask(query, id)).toMatchObject({
        type: 'error',
        payload: [{ message: 'Only subscriptions come over a socket.' }],
      });
    }
    her.end();
  });

  test.each([
    ['of unknown fields', 'subscription { customerChanged { nope } }', 'Cannot query field'],
    [
      'with sixteen aliases',
      `subscription { customerChanged { ${Array.from({ length: 16 }, (_, n) => `a${n}: cursor`).join(' ')} } }`,
      'too many aliases',
    ],
    [
      'with many directives',
      `subscription { customerChanged { cursor ${'@skip(if: false) '.repeat(21)} } }`,
      'too many directives',
    ],
  ])('a document %s is refused as over HTTP', async (_name, query, message) => {
    const her = await entered(await edge.token(subject));

    const { type, payload } = await her.ask(query);

    expect(type).toBe('error');
    expect(JSON.stringify(payload)).toContain(message);
    her.end();
  });

  test('messages are not compressed, whatever the client offers', async () => {
    const her = await entered(await edge.token(subject));

    expect(her.socket.extensions).toBe('');
    her.end();
  });

  test('the socket ends with its token', async () => {
    const end = Math.floor(Date.now() / 1000) + 3;
    const her = await entered(await edge.token(subject, { claims: { exp: end } }));

    await her.closed;

    expect(Date.now() / 1000).toBeLessThan(end + 2);
  });

  test('the socket ends when its session is revoked', async () => {
    const sid = randomUUID();
    const her = await entered(await edge.token(subject, { claims: { sid } }));
    const began = performance.now();

    await edge.running.parts.pool.query(
      `insert into revocation (issuer, sid, expires_at) values ($1, $2, now() + interval '1 hour')`,
      [edge.issuer, sid],
    );

    expect(await her.closed).toBe(4403);
    expect(performance.now() - began).toBeLessThan(3000);
  });
});
