import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { atProvider, Browser, locationOf } from '../../support/browser.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
beforeAll(() => world.start());
beforeEach(() => world.reset());
afterAll(() => world.stop());

const refresh = '/auth/refresh';
const bodyOf = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

describe('a session in several tabs and on several replicas (FR-2, decision 6)', () => {
  test('twenty tabs that refresh at once make one call, and all are signed in with the same cookies', async () => {
    const browser = await world.signedIn();
    world.provider.delayMs = 150;
    const tabs = Array.from({ length: 20 }, () => browser.copy());

    const answers = await Promise.all(tabs.map((tab, n) => tab.post(world.replica(n % 2), refresh)));

    expect(answers.map(({ status }) => status)).toEqual(tabs.map(() => 200));
    expect(world.provider.calls.refresh).toBe(1);
    expect(new Set(tabs.map((tab) => tab.cookies.get('__Host-refresh'))).size).toBe(1);
    expect(new Set(tabs.map((tab) => tab.cookies.get('__Host-access'))).size).toBe(1);
  });

  test('each use brings another handle and another token', async () => {
    const browser = await world.signedIn();
    const before = new Map(browser.cookies);

    await browser.post(world.replica(0), refresh);

    expect(browser.cookies.get('__Host-refresh')).not.toBe(before.get('__Host-refresh'));
    expect(browser.cookies.get('__Host-access')).not.toBe(before.get('__Host-access'));
    expect(bodyOf((await browser.get(world.replica(1), '/auth/session')).text)).toMatchObject({ signedIn: true });
  });

  test('an answer that never reached the browser is given again, for 30 seconds', async () => {
    const browser = await world.signedIn();
    const lost = browser.copy();
    await lost.post(world.replica(0), refresh);
    world.advance(29);

    const again = await browser.post(world.replica(1), refresh);

    expect(again.status).toBe(200);
    expect(browser.cookies.get('__Host-refresh')).toBe(lost.cookies.get('__Host-refresh'));
    expect(world.provider.calls.refresh).toBe(1);
  });

  test('an older handle is a stolen one: the session ends for everybody, at the provider too', async () => {
    const browser = await world.signedIn();
    const thief = browser.copy();
    await browser.post(world.replica(0), refresh);
    world.advance(31);

    const stolen = await thief.post(world.replica(1), refresh);

    expect(stolen.status).toBe(401);
    expect((await browser.post(world.replica(0), refresh)).status).toBe(401);
    expect(world.provider.isLive(world.sid)).toBe(false);
    expect(await world.revoked()).toEqual([world.sid]);
  });

  test('a handle that is two uses old is stolen even within the grace', async () => {
    const browser = await world.signedIn();
    const thief = browser.copy();
    await browser.post(world.replica(0), refresh);
    await browser.post(world.replica(0), refresh);

    expect((await thief.post(world.replica(0), refresh)).status).toBe(401);
    expect((await browser.post(world.replica(0), refresh)).status).toBe(401);
  });

  test('a replica that dies with the answer costs one silent round, not a sign-out', async () => {
    const browser = await world.signedIn();
    world.provider.fault = 'answer-lost';
    expect((await browser.post(world.replica(0), refresh)).status).toBe(503);
    world.provider.fault = 'none';

    const next = await browser.post(world.replica(1), refresh);

    expect(next.status).toBe(401);
    expect(bodyOf(next.text)).toMatchObject({ silent: true });
    const silent = locationOf(await browser.get(world.replica(1), '/auth/login?silent=1&returnTo=/profile'));
    expect(new URL(silent).searchParams.get('prompt')).toBe('none');
    const back = await browser.get(world.replica(1), await atProvider(silent));
    expect(locationOf(back)).toBe('/profile');
    // She comes back with the same session of the provider: its tokens count.
    expect(await world.revoked()).toEqual([]);
    expect((await browser.post(world.replica(0), refresh)).status).toBe(200);
  });

  test('while the provider is down nobody is sent there to sign in', async () => {
    world.provider.fault = 'down';

    const down = await new Browser(world.origin).get(world.replica(0), '/auth/login');

    expect(down.status).toBe(503);
    expect(Number(down.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('while the provider is down the session the session goes on, and 503 says when to come back', async () => {
    const browser = await world.signedIn();
    world.provider.fault = 'down';

    const down = await browser.post(world.replica(0), refresh);

    expect(down.status).toBe(503);
    expect(Number(down.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(down.headers.getSetCookie()).toEqual([]);
    world.provider.fault = 'none';
    expect((await browser.post(world.replica(0), refresh)).status).toBe(200);
  });

  test('a provider that hangs holds nobody for longer than five seconds', async () => {
    const browser = await world.signedIn();
    world.provider.fault = 'hangs';
    const began = performance.now();

    const hung = await browser.post(world.replica(0), refresh);

    expect(hung.status).toBe(503);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test('a session that was ended at the provider is over, without a silent round', async () => {
    const browser = await world.signedIn();
    world.provider.endHere(world.sid);

    const answer = await browser.post(world.replica(0), refresh);

    expect(answer.status).toBe(401);
    expect(bodyOf(answer.text)).toMatchObject({ silent: false });
    expect(browser.cookies.size).toBe(0);
  });

  test('left alone for an hour it is over', async () => {
    const browser = await world.signedIn();
    world.advance(3601);

    expect(bodyOf((await browser.get(world.replica(0), '/auth/session')).text)).toEqual({ signedIn: false });
    expect((await browser.post(world.replica(0), refresh)).status).toBe(401);
  });

  test('the session of an account that is suspended meanwhile is over', async () => {
    const browser = await world.signedIn();
    await world.setStatus('SUSPENDED');

    expect((await browser.post(world.replica(0), refresh)).status).toBe(401);
    expect(await world.revoked()).toEqual([world.sid]);
  });
});

describe('signing out (FR-2)', () => {
  test('it ends the session here and at the provider and takes the cookies', async () => {
    const browser = await world.signedIn();
    const other = browser.copy();

    const answer = await browser.post(world.replica(0), '/auth/logout');

    expect(answer.status).toBe(204);
    expect(browser.cookies.size).toBe(0);
    expect(world.provider.isLive(world.sid)).toBe(false);
    expect(await world.revoked()).toEqual([world.sid]);
    expect((await other.post(world.replica(1), refresh)).status).toBe(401);
  });

  test('it works while the provider is down, which is told later', async () => {
    const browser = await world.signedIn();
    world.provider.fault = 'down';

    expect((await browser.post(world.replica(0), '/auth/logout')).status).toBe(204);
    expect(await world.revoked()).toEqual([world.sid]);
    expect(world.enqueued).toContain(`authentication.end-at-provider ${world.sid}`);
  });
});

describe('requests of other sites (ASVS 3.5.1)', () => {
  test.each([
    ['without the header', { 'x-csrf': '' }],
    ['with another value', { 'x-csrf': 'true' }],
    ['from another origin', { origin: 'https://evil.example' }],
    ['from an opaque origin', { origin: 'null' }],
    ['from a subdomain', { origin: 'http://a.localhost:4000' }],
    ['from another scheme', { origin: 'https://localhost:4000' }],
  ])('%s change nothing', async (_name, headers) => {
    const browser = await world.signedIn();

    for (const path of [refresh, '/auth/logout'])
      expect((await browser.post(world.replica(0), path, headers)).status).toBe(403);

    expect(world.provider.calls.refresh).toBe(0);
    expect((await browser.post(world.replica(0), refresh)).status).toBe(200);
  });

  test('a post without any origin is refused', async () => {
    const browser = await world.signedIn();

    const answer = await browser.request(world.replica(0), refresh, { method: 'POST', headers: { 'x-csrf': '1' } });

    expect(answer.status).toBe(403);
  });

  test('no GET refreshes or signs out', async () => {
    const browser = await world.signedIn();

    for (const path of [refresh, '/auth/logout']) expect((await browser.get(world.replica(0), path)).status).toBe(404);
  });
});

describe('what a browser holds (ASVS 3.3, 7.2)', () => {
  test('every cookie is __Host-, Secure, HttpOnly, SameSite=Lax, Path=/, without a domain, and small', async () => {
    const browser = await world.signedIn();
    await browser.post(world.replica(0), refresh);
    await browser.post(world.replica(0), '/auth/logout');

    expect(browser.lines.length).toBeGreaterThan(5);
    for (const line of browser.lines) {
      expect(line).toMatch(/^__Host-(access|refresh|login)=/);
      for (const part of ['; Secure', '; HttpOnly', '; SameSite=Lax', '; Path=/']) expect(line).toContain(part);
      expect(line).not.toMatch(/domain/i);
      expect(line.length).toBeLessThanOrEqual(4096);
    }
  });

  test('a handle somebody planted is never adopted', async () => {
    const browser = new Browser(world.origin);
    browser.cookies.set('__Host-refresh', 'A'.repeat(43));
    browser.cookies.set('__Host-access', 'planted');

    await world.signIn(browser);

    expect(browser.cookies.get('__Host-refresh')).not.toBe('A'.repeat(43));
  });

  test('handles that are none are refused without a trace', async () => {
    for (const bad of ['', 'x', 'A'.repeat(43), 'A'.repeat(5000), '../../etc', '%00']) {
      const browser = new Browser(world.origin);
      browser.cookies.set('__Host-refresh', bad);
      expect((await browser.post(world.replica(0), refresh)).status).toBe(401);
    }
    expect(world.provider.calls.refresh).toBe(0);
  });

  test('no token is in any body or address', async () => {
    const browser = await world.signedIn();
    const seen = [
      await browser.post(world.replica(0), refresh),
      await browser.get(world.replica(0), '/auth/session'),
      await browser.post(world.replica(0), '/auth/logout'),
    ];

    for (const { text, headers } of seen) {
      expect(text).not.toMatch(/eyJ|[\w-]{43}/);
      expect(headers.get('location') ?? '').not.toMatch(/eyJ/);
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});
