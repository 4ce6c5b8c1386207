import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../../src/server/limits.ts';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';
import { SocketClient } from '../../support/socket-client.ts';

let edge: EdgeWorld;
beforeAll(async () => {
  edge = await openEdge();
});
afterAll(() => edge.stop());

const follow = 'subscription { customerChanged { cursor } }';
const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
/** Behind the gateway, where the limit of sockets by address does not hold. */
const throughGateway = (): SocketClient => new SocketClient(edge.url, { 'x-router-secret': edge.routerSecret });

async function customer(): Promise<string> {
  const subject = randomUUID();
  await linkedCustomer(edge, subject);
  return subject;
}

describe('limits of sockets (ASVS 4.4)', () => {
  test('an address has twenty, and another when one was left; the gateway has any number', async () => {
    const clients = many(limits.socketsPerClient, () => new SocketClient(edge.url));
    await Promise.all(clients.map(({ opened }) => opened));

    expect(await new SocketClient(edge.url).closed).toBe(429);
    await throughGateway().opened;

    clients[0]?.end();
    await clients[0]?.closed;
    const isLetIn = async (): Promise<boolean> => {
      const next = new SocketClient(edge.url);
      void next.opened.then(() => next.end());
      return (await next.closed) !== 429;
    };
    await expect.poll(isLetIn, { timeout: 5000 }).toBe(true);
    for (const each of clients) each.end();
    await Promise.all(clients.map(({ closed }) => closed));
  });

  test('a socket follows fifty things at a time', async () => {
    const her = await throughGateway().enter(await edge.token(await customer()));
    for (const n of many(limits.subscriptionsPerSocket, String))
      her.send({ id: n, type: 'subscribe', payload: { query: follow } });
    await expect
      .poll(() => her.lines.filter(({ type }) => type === 'next').length, { timeout: 10_000 })
      .toBe(limits.subscriptionsPerSocket);

    const last = await her.ask(follow, 'last');

    expect(last).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'RATE_LIMITED' } }] });
    her.end();
  });

  test('a customer has twenty live answers, wherever they come from', async () => {
    const token = await edge.token(await customer());
    const clients = await Promise.all(many(limits.streamsPerClient, () => throughGateway().enter(token)));
    const one = throughGateway();
    await one.opened;

    one.send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });

    expect(await one.closed).toBe(4429);
    clients[0]?.end();
    await clients[0]?.closed;
    await throughGateway().enter(token);
    for (const each of clients) each.end();
  });

  test.each([
    ['messages', (client: SocketClient) => client.send({ type: 'ping' })],
    // Each waits for its pong, since the library cuts off whoever does not read them.
    [
      'pings',
      (client: SocketClient) =>
        new Promise((resolve) => {
          client.socket.once('pong', resolve).once('close', resolve);
          client.socket.ping();
        }),
    ],
  ])('two hundred %s in ten seconds are enough', async (_name, say) => {
    const her = await throughGateway().enter(await edge.token(await customer()));

    for (let n = 0; n < limits.socketMessages; n += 1) await Promise.resolve(say(her));

    expect(await her.closed).toBe(4429);
  });

  test('who goes on after that is cut off, without waiting for a farewell', async () => {
    const { hostname, port } = new URL(edge.url);
    const upgrade = `GET /graphql HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`;
    const text = Buffer.from('{"type":"ping"}');
    const message = Buffer.concat([Buffer.from([0x81, 0x80 + text.length, 0, 0, 0, 0]), text]);
    const socket = connect(Number(port), hostname, () => socket.write(upgrade));
    const closed = new Promise((resolve) => socket.on('close', resolve).on('error', resolve));
    const began = performance.now();

    socket.once('data', () => socket.write(Buffer.concat(many(2 * limits.socketMessages + 1, () => message))));
    socket.resume();
    await closed;

    // By itself the library waits thirty seconds.
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('headers that stand twice never become a socket', async () => {
    const { hostname, port } = new URL(edge.url);
    const upgrade = `GET /graphql HTTP/1.1\r\nHost: a\r\nOrigin: http://shop.example\r\nOrigin: http://evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`;

    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(upgrade));
      socket.once('data', (data) => resolve(String(data)));
    });

    expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe('the end of the service', () => {
  test('tells every socket that it goes away', async () => {
    const other = await openEdge();
    const client = new SocketClient(other.url);
    await client.opened;

    await other.stop();

    expect(await client.closed).toBe(1001);
  });
});
