import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuthService } from '../../../src/grpc/generated/auth_pb.ts';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';
import { serviceToken } from '../../support/grpc-callers.ts';
import { type HostileToken, hostileTokens } from '../../support/hostile-tokens.ts';
import { SocketClient } from '../../support/socket-client.ts';

let edge: EdgeWorld;
let stranger: Server;
let askedStranger = 0;
let tokens: HostileToken[];
const subject = randomUUID();
beforeAll(async () => {
  edge = await openEdge();
  await linkedCustomer(edge, subject);
  stranger = createServer((_req, res) => {
    askedStranger += 1;
    res.end('{"keys":[]}');
  });
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const where = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/keys`;
  tokens = await hostileTokens(edge, subject, where);
});
afterAll(async () => {
  stranger.close();
  await edge.stop();
});

const body = { query: '{ me { id } }' };
const asCookie = (token: string): Record<string, string> => ({
  cookie: `__Host-access=${token}`,
  origin: 'http://shop.example',
  'x-csrf': '1',
});

type Door = (token: string) => Promise<unknown>;
const http =
  (headers: (token: string) => Record<string, string>): Door =>
  async (token) => {
    const answer = await edge.ask(body, headers(token));
    const { data } = (await answer.json()) as { data?: unknown };
    return { status: answer.status, data };
  };

async function overSocket(token: string): Promise<unknown> {
  const client = await new SocketClient(edge.url).begin(token);
  const acknowledged = client.heard(({ type }) => type === 'connection_ack').then(() => 'let in');
  const seen = await Promise.race([client.closed, acknowledged.catch(() => 'silence')]);
  client.end();
  return { seen };
}

async function overGrpc(token: string): Promise<unknown> {
  const client = createClient(AuthService, createGrpcTransport({ baseUrl: edge.running.grpcUrl ?? '' }));
  const headers = { authorization: `Bearer ${await serviceToken(edge, 'auth:validate')}` };
  const { valid, reason, customerId } = await client.validateToken({ accessToken: token }, { headers });
  return { valid, reason, customerId };
}

const doors: [name: string, door: Door, good: object, refusal: unknown][] = [
  [
    'bearer of the graph',
    http((token) => ({ authorization: `Bearer ${token}` })),
    { status: 200, data: { me: {} } },
    { status: 401 },
  ],
  ['cookie of the graph', http(asCookie), { status: 200, data: { me: {} } }, { status: 401 }],
  ['ValidateToken of gRPC', overGrpc, { valid: true }, { valid: false, reason: 'INVALID', customerId: '' }],
  ['first line of a socket', overSocket, { seen: 'let in' }, { seen: 4403 }],
];

describe('hostile tokens (ASVS 9.1, 9.2; RFC 8725): more than three hundred, at each door', () => {
  test.each(doors)(
    '%s: none counts, none breaks anything',
    async (_name, door, good, refusal) => {
      const logged = edge.log().length;
      expect(await door(await edge.token(subject))).toMatchObject(good);

      const otherwise: Record<string, unknown> = {};
      for (const [what, token] of tokens) {
        const answer = await door(token);
        if (JSON.stringify(answer) !== JSON.stringify(refusal)) otherwise[what] = answer;
      }

      expect(tokens.length).toBeGreaterThan(300);
      expect(otherwise).toEqual({});
      expect(askedStranger).toBe(0);
      expect(edge.log().slice(logged)).not.toMatch(/"level":(50|60|"error"|"fatal")/);
    },
    120_000,
  );
});

describe('keys that change', () => {
  test('a new key is known soon, without a restart; the old one counts as long as it is shown', async () => {
    const before = await edge.token(subject);
    edge.rotate();
    const after = await edge.token(subject, { header: { kid: 'test-2' } });

    const counts = async (token: string): Promise<unknown> =>
      (await edge.ask(body, { authorization: `Bearer ${token}` })).status;
    await expect.poll(() => counts(after), { timeout: 20_000, interval: 200 }).toBe(200);
    expect(await counts(before)).toBe(200);
  }, 30_000);
});
