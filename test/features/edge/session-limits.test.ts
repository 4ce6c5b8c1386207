import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Running } from '../../../src/main.ts';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';
import { SocketClient } from '../../support/socket-client.ts';

let edge: EdgeWorld;
/** Another replica of the same service. */
let other: Running;
const subject = randomUUID();
let customerId: string;
beforeAll(async () => {
  edge = await openEdge({ SESSION_IDLE_SECONDS: '120' });
  customerId = await linkedCustomer(edge, subject);
  other = await edge.replica();
});
afterAll(() => edge.stop());

const now = (): number => Math.floor(Date.now() / 1000);
const me = { query: '{ me { id } }' };
const follow = { query: 'subscription { customerChanged { cursor } }' };
const soon = { timeout: 3000 };

const post = (url: string, token: string, body: object, more: Record<string, string> = {}): Promise<Response> => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...more };
  return fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
};
const statusOf = async (url: string, token: string): Promise<number> => (await post(url, token, me)).status;
const events = (url: string, token: string): Promise<Response> =>
  post(url, token, follow, { accept: 'text/event-stream' });
const browserToken = (claims: object): Promise<string> =>
  edge.token(subject, { claims: { azp: 'customer-bff', ...claims } });

/** A browser that is signed in: the row of its session, and its token. */
async function signedIn(more: object = {}): Promise<{ id: string; token: string }> {
  const [id, sid] = [randomUUID(), randomUUID()];
  await edge.running.parts.pool.query(
    `insert into session_token (id, customer_id, issuer, subject, sid, key_id, sealed, handle_hash, generation, rotated_at,
       started_at, last_seen_at, expires_at)
     values ($1, $2, $3, $4, $5, $1, '', decode(md5($5), 'hex'), 0, now(), now(), now(), now() + interval '1 hour')`,
    [id, customerId, edge.issuer, subject, sid],
  );
  return { id, token: await browserToken({ sid, ...more }) };
}

describe('a session that is ended from another browser (FR-2)', () => {
  test('is over at once on HTTP, server-sent events and sockets, on every replica; the other goes on', async () => {
    const urls = [edge.url, other.publicUrl ?? ''];
    const [mine, ended] = [await signedIn({ acr: '2' }), await signedIn()];
    const streams = await Promise.all(urls.map((url) => events(url, ended.token)));
    const sockets = await Promise.all(urls.map((url) => new SocketClient(url).enter(ended.token)));
    const kept = await new SocketClient(urls[1] ?? '').enter(mine.token);
    expect(await Promise.all(urls.map((url) => statusOf(url, ended.token)))).toEqual([200, 200]);

    const query = 'mutation ($ids: [ID!]) { revokeSessions(ids: $ids) { ... on SessionsRevoked { count } } }';
    const answer = await post(edge.url, mine.token, { query, variables: { ids: [ended.id] } });
    const began = performance.now();

    expect(await answer.json()).toEqual({ data: { revokeSessions: { count: 1 } } });
    expect(await Promise.all(sockets.map((socket) => socket.closed))).toEqual([4403, 4403]);
    for (const stream of streams) await stream.text().catch(() => 'cut');
    expect(performance.now() - began).toBeLessThan(3000);
    for (const url of urls) await expect.poll(() => statusOf(url, ended.token), soon).toBe(401);
    expect(await statusOf(edge.url, mine.token)).toBe(200);
    expect(kept.socket.readyState).toBe(kept.socket.OPEN);
    kept.socket.close();
  });
});

describe('the limits of a session, whatever its token says (ASVS 7.3)', () => {
  test('long after the proof a browser’s token is refused, that of a program is not', async () => {
    const claims = { auth_time: now() - 3601 };

    expect(await statusOf(edge.url, await browserToken(claims))).toBe(401);
    expect(await statusOf(edge.url, await edge.token(subject, { claims }))).toBe(200);
    expect(await statusOf(edge.url, await browserToken({ auth_time: now() - 3500 }))).toBe(200);
  });

  test('so is one that was fetched longer ago than a session may be left alone', async () => {
    expect(await statusOf(edge.url, await browserToken({ iat: now() - 121 }))).toBe(401);
    expect(await statusOf(edge.url, await browserToken({ iat: now() - 60 }))).toBe(200);
  });

  test.each([
    ['the absolute limit', () => ({ auth_time: now() - 3597 })],
    ['the idle limit', () => ({ iat: now() - 117 })],
  ])('%s ends what is open at that moment', async (_name, claims) => {
    const token = await browserToken(claims());
    const live = await events(edge.url, token);
    const socket = await new SocketClient(edge.url).enter(token);
    const began = performance.now();

    await live.text().catch(() => 'cut');
    await socket.closed;

    expect(performance.now() - began).toBeLessThan(6000);
    expect(await statusOf(edge.url, token)).toBe(401);
  });
});

describe('tokens that cannot be (spec §1)', () => {
  const counted = async (): Promise<number> => {
    const text = await (await fetch(`${edge.running.adminUrl}/metrics`)).text();
    return Number(/^auth_incidents_total\{kind="impossible_token"\} (\d+)$/m.exec(text)?.[1]);
  };

  test('are counted when the issuer signed them, and no others are', async () => {
    const before = await counted();
    const cannotBe = [{ typ: 'Refresh' }, { sub: 'ada' }, { sid: undefined }, { iat: now() + 3600 }];
    const ordinary = [
      { exp: now() - 60 },
      { aud: 'account' },
      { azp: 'somebody' },
      { iss: 'http://elsewhere.example' },
    ];

    for (const claims of [...ordinary, ...cannotBe]) {
      expect(await statusOf(edge.url, await edge.token(subject, { claims }))).toBe(401);
    }
    const forged = `${(await edge.token(subject)).slice(0, -8)}AAAAAAAA`;
    expect(await statusOf(edge.url, forged)).toBe(401);

    expect(before).toBe(0);
    expect(await counted()).toBe(cannotBe.length);
  });

  test('every kind of incident is in the metrics from the beginning', async () => {
    const text = await (await fetch(`${edge.running.adminUrl}/metrics`)).text();

    for (const kind of ['takeover_report', 'refresh_reuse', 'lockout', 'impossible_token'])
      expect(text).toContain(`auth_incidents_total{kind="${kind}"}`);
    expect(text).toMatch(/^logins_total 0$/m);
  });
});
