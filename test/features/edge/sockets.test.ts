import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';

let edge: EdgeWorld;
const subject = randomUUID();
beforeAll(async () => {
  edge = await openEdge();
  await linkedCustomer(edge, subject);
});
afterAll(() => edge.stop());

interface Line {
  type: string;
  id?: string;
  payload?: { data?: { customerChanged?: { snapshot: boolean; customer: { givenName: string | null } } } } & {
    message?: string;
  }[];
}

class Client {
  readonly lines: Line[] = [];
  readonly opened: Promise<void>;
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;

  constructor(headers: Record<string, string> = {}) {
    this.#socket = new WebSocket(`${edge.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
    this.#socket.on('message', (data: Buffer) => this.lines.push(JSON.parse(data.toString()) as Line));
    this.opened = new Promise((resolve) => this.#socket.once('open', () => resolve()));
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', (code) => resolve(code));
      this.#socket.on('error', () => resolve(-1));
    });
  }

  send(line: object | string): void {
    this.#socket.send(typeof line === 'string' ? line : JSON.stringify(line));
  }

  async follow(
    token: string,
    query = 'subscription { customerChanged { snapshot customer { givenName } } }',
  ): Promise<this> {
    await this.opened;
    this.send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
    await expect.poll(() => this.lines.some(({ type }) => type === 'connection_ack'), { timeout: 5000 }).toBe(true);
    this.send({ id: '1', type: 'subscribe', payload: { query } });
    await expect.poll(() => this.lines.some(({ id }) => id === '1'), { timeout: 5000 }).toBe(true);
    return this;
  }

  end(): void {
    this.#socket.close();
  }
}

describe('sockets (ASVS 4.4)', () => {
  test('a customer sees herself first, then her change', async () => {
    const token = await edge.token(subject);
    const client = await new Client().follow(token);

    const body = {
      query: 'mutation { updateProfile(input: { expectedVersion: 1, givenName: "Grace" }) { __typename } }',
    };
    await edge.ask(body, { authorization: `Bearer ${token}` });

    const names = (): unknown[] =>
      client.lines.flatMap(({ payload }) => payload?.data?.customerChanged?.customer.givenName ?? []);
    await expect.poll(names, { timeout: 5000 }).toContain('Grace');
    client.end();
  });

  test.each([
    ['a foreign origin', { origin: 'http://evil.example' }],
    ['a bearer in the upgrade', { authorization: 'Bearer x' }],
  ])('%s never becomes a socket', async (_name, headers) => {
    expect(await new Client(headers).closed).toBe(-1);
  });

  test('without a credential the socket is closed', async () => {
    const client = new Client();
    await client.opened;

    client.send({ type: 'connection_init' });

    expect(await client.closed).toBe(4403);
  });

  test('who says nothing for three seconds is cut off', async () => {
    expect(await new Client().closed).toBe(4408);
  });

  test('a message of 100 KB closes the socket', async () => {
    const client = new Client();
    await client.opened;

    client.send('x'.repeat(100_000));

    expect(await client.closed).toBe(1009);
  });

  test('neither queries nor mutations come over a socket, and introspection has its limits too', async () => {
    const client = await new Client().follow(await edge.token(subject), '{ me { id } }');

    expect(client.lines.at(-1)).toMatchObject({
      type: 'error',
      payload: [{ message: 'Only subscriptions come over a socket.' }],
    });
    client.end();
  });

  test('the socket ends with its token', async () => {
    const end = Math.floor(Date.now() / 1000) + 3;
    const client = await new Client().follow(await edge.token(subject, { claims: { exp: end } }));

    await client.closed;

    expect(Date.now() / 1000).toBeLessThan(end + 2);
  });

  test('the socket ends when its session is revoked', async () => {
    const sid = randomUUID();
    const client = await new Client().follow(await edge.token(subject, { claims: { sid } }));
    const began = performance.now();

    await edge.running.parts.pool.query(
      `insert into revocation (issuer, sid, expires_at) values ($1, $2, now() + interval '1 hour')`,
      [edge.issuer, sid],
    );

    expect(await client.closed).toBe(4403);
    expect(performance.now() - began).toBeLessThan(3000);
  });
});
