import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeysUnavailable, type TokenVerifier } from '../../../src/platform/token-verifier.ts';
import { adminHandler } from '../../../src/server/admin.ts';
import { accessCookie, actorOf, isOurOrigin, judge, viewerOf } from '../../../src/server/viewer.ts';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const good = {
  issuer: 'i',
  subject: randomUUID(),
  permissions: ['customer:self', 'customer:read', 'unknown'],
  clientId: 'c',
  expiresAt: 2,
  issuedAt: 1,
} as const;
const person = { ...good, service: false, sid: 's', acr: '1', authTime: 1 };
const config = { server: { publicUrl: 'http://own.example', allowedOrigins: ['http://shop.example'] } } as never;
const calm = {
  trusted: () => true,
  isRevoked: () => false,
  onRevoked: () => () => undefined,
  stop: () => Promise.resolve(),
};
const verifying = (verify: TokenVerifier['verify']): TokenVerifier => ({ verify, forget: () => undefined });

describe('who asks', () => {
  test('a person has her own record, staff rights only with a second factor; a service has the reverse', () => {
    const rights = [person, { ...person, acr: '2' }, { ...good, service: true }].map((claims) => [
      ...actorOf(claims).permissions,
    ]);

    expect(rights).toEqual([['customer:self'], ['customer:self', 'customer:read'], ['customer:read']]);
  });

  test('keys that cannot be read, and a list of revocations that cannot, are an outage and not a refusal', async () => {
    const silent = verifying(() => Promise.reject(new KeysUnavailable(new Error('x'))));
    const parts = { config, verifier: silent, revocations: calm };

    await expect(judge(parts, 'x')).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    const blind = { ...parts, revocations: { ...calm, trusted: () => false } };
    await expect(judge(blind, 'x')).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    const broken = { ...parts, verifier: verifying(() => Promise.reject(new TypeError('bug'))) };
    await expect(judge(broken, 'x')).rejects.toThrow('bug');
  });

  test('a revoked token and one that is not ours are refused alike', async () => {
    const revoked = {
      config,
      verifier: verifying(() => Promise.resolve(person)),
      revocations: { ...calm, isRevoked: () => true },
    };
    const foreign = { ...revoked, verifier: verifying(() => Promise.resolve(null)), revocations: calm };

    await expect(judge(revoked, 'x')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(judge(foreign, 'x')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test.each([
    ['several of our cookies', { cookie: '__Host-access=a; __Host-access=b' }, 'UNAUTHENTICATED'],
    ['another scheme', { authorization: 'Basic x' }, 'UNAUTHENTICATED'],
    ['two bearers in one header', { authorization: 'Bearer a, Bearer b' }, 'UNAUTHENTICATED'],
    ['a cookie of a page without an origin', { cookie: '__Host-access=a', 'x-csrf': '1' }, 'FORBIDDEN'],
  ])('%s: refused', async (_name, headers, code) => {
    const parts = { config, verifier: verifying(() => Promise.resolve(person)), revocations: calm };

    await expect(viewerOf(parts, { headers, guarded: true })).rejects.toMatchObject({ code });
  });

  test('a page of our own origin needs none, and whoever shows nothing is nobody', async () => {
    const parts = { config, verifier: verifying(() => Promise.resolve(person)), revocations: calm };
    const headers = { cookie: 'a=b; __Host-access=t', 'x-csrf': '1', 'sec-fetch-site': 'same-origin' };

    expect((await viewerOf(parts, { headers, guarded: true })).kind).toBe('person');
    expect((await viewerOf(parts, { headers: {}, guarded: true })).kind).toBe('nobody');
    expect([accessCookie(undefined), accessCookie('__Host-access=')]).toEqual([undefined, undefined]);
    expect(
      ['http://own.example', 'http://shop.example', 'http://x', undefined].map((one) =>
        isOurOrigin({ server: config['server'] }, one),
      ),
    ).toEqual([true, true, false, false]);
  });
});

describe('readiness', () => {
  test('says what is away; only what nothing works without makes it unready', async () => {
    const fail = (): Promise<void> => Promise.reject(new Error('away'));
    const status = async (soft: boolean): Promise<[number, unknown]> => {
      const handler = adminHandler({
        clock: { now: () => new Date() },
        log: { error: () => undefined } as never,
        metrics: { registry: { metrics: fail } } as never,
        eventsKey: 'k',
        checks: [{ name: 'something', soft, check: fail }],
        receive: () => Promise.resolve(),
        forms: { '/internal/registrations': () => Promise.resolve({ status: 202, body: {} }) },
      });
      const server = createServer(handler);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const answer = await fetch(`${url}/readyz`);
      const others = await Promise.all(
        [
          ['/metrics', 'GET'],
          ['/nowhere', 'GET'],
          ['/livez', 'POST'],
          ['/internal/keycloak-events', 'GET'],
          ['/internal/registrations', 'GET'],
        ].map(async ([path, method]) => (await fetch(url + path, { method: method ?? 'GET' })).status),
      );
      expect(others).toEqual([500, 404, 405, 405, 405]);
      server.close();
      return [answer.status, await answer.json()];
    };

    expect(await status(false)).toEqual([503, { ready: false, reasons: ['something'] }]);
    expect(await status(true)).toEqual([200, { ready: true, reasons: ['something'] }]);
  });
});

describe('PostgreSQL away', () => {
  let edge: EdgeWorld;
  const subject = randomUUID();
  beforeAll(async () => {
    edge = await openEdge();
    await linkedCustomer(edge, subject);
  });
  afterAll(() => edge.stop());

  test('broken connections end in answers or a 503, without a word of the database, and are made anew', async () => {
    const headers = { authorization: `Bearer ${await edge.token(subject)}` };
    const ask = (): Promise<Response> => edge.ask({ query: '{ me { status } }' }, headers);
    expect((await ask()).status).toBe(200);
    const { pool } = edge.running.parts;
    await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );

    const began = performance.now();
    const answers = await Promise.all([ask(), ask(), ask()]);

    expect(performance.now() - began).toBeLessThan(5000);
    for (const { status } of answers) expect([200, 503]).toContain(status);
    for (const answer of answers) expect(await answer.text()).not.toMatch(/terminat|pg_|postgres/i);
    await expect
      .poll(async () => (await ask()).json(), { timeout: 10_000 })
      .toMatchObject({ data: { me: { status: 'ACTIVE' } } });
  });
});
