import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { atProvider, Browser, locationOf } from '../../support/browser.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
beforeAll(() => world.start());
beforeEach(() => world.reset());
afterAll(() => world.stop());

const begin = async (browser: Browser, path = '/auth/login'): Promise<URL> =>
  new URL(locationOf(await browser.get(world.replica(0), path)));

describe('signing in (FR-2)', () => {
  test('it asks the provider with PKCE, state and nonce, and comes back signed in', async () => {
    const browser = new Browser(world.origin);
    const asked = await begin(browser, '/auth/login?returnTo=/profile');

    const back = await browser.get(world.replica(1), await atProvider(asked.href));

    expect(asked.searchParams.get('code_challenge_method')).toBe('S256');
    expect(asked.searchParams.get('redirect_uri')).toBe(`${world.origin}/auth/callback`);
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.searchParams.get(name)).toHaveLength(43);
    expect(locationOf(back)).toBe('/profile');
    expect([...browser.cookies.keys()].toSorted()).toEqual(['__Host-access', '__Host-refresh']);
    const session = JSON.parse((await browser.get(world.replica(0), '/auth/session')).text) as object;
    expect(session).toMatchObject({ signedIn: true, customerId: world.customerId });
    expect(Object.keys(session).toSorted()).toEqual(['customerId', 'expiresAt', 'refreshBy', 'signedIn']);
  });

  test('it leaves one fact, which names the session by a hash only', async () => {
    await world.signedIn();

    const facts = await world.facts('CustomerLoggedIn');

    expect(facts).toHaveLength(1);
    expect(facts[0]).toMatchObject({ customerId: world.customerId, clientId: 'customer-bff', method: 'PASSWORD' });
    expect(JSON.stringify(facts)).not.toContain(world.sid);
  });

  test('five tabs that sign in at once all come back', async () => {
    const browser = new Browser(world.origin);
    const asked: URL[] = [];
    for (let n = 0; n < 5; n += 1) asked.push(await begin(browser, `/auth/login?returnTo=/tab/${n}`));

    const returned: string[] = [];
    for (const each of asked.toReversed())
      returned.push(locationOf(await browser.get(world.replica(0), await atProvider(each.href))));

    expect(returned).toEqual(['/tab/4', '/tab/3', '/tab/2', '/tab/1', '/tab/0']);
    expect((await browser.post(world.replica(0), '/auth/refresh')).status).toBe(200);
  });

  test('an unknown state begins anew, and says so once the browser keeps no cookie', async () => {
    const browser = new Browser(world.origin);

    const anew = await browser.get(world.replica(0), '/auth/callback?code=x&state=unknown');

    expect(locationOf(anew)).toBe('/auth/login?again=1');
    const asked = await begin(browser, '/auth/login?again=1');
    browser.cookies.clear();
    const told = await browser.get(world.replica(0), await atProvider(asked.href));
    expect(told.status).toBe(400);
    expect(told.text).toContain('did not keep our cookie');
  });

  test('an answer counts once', async () => {
    const browser = new Browser(world.origin);
    const path = await atProvider((await begin(browser)).href);
    await browser.get(world.replica(0), path);

    const twice = await browser.get(world.replica(0), path);

    expect(locationOf(twice)).toBe('/auth/login?again=1');
    expect(world.provider.calls.code).toBe(1);
  });

  test('an answer that comes after five minutes begins anew', async () => {
    const browser = new Browser(world.origin);
    const path = await atProvider((await begin(browser)).href);
    world.advance(301);

    expect(locationOf(await browser.get(world.replica(0), path))).toBe('/auth/login?again=1');
  });

  test('an answer to somebody else’s browser signs nobody in', async () => {
    const [his, hers] = [new Browser(world.origin), new Browser(world.origin)];
    const path = await atProvider((await begin(his)).href);
    await begin(hers);

    expect(locationOf(await hers.get(world.replica(0), path))).toBe('/auth/login?again=1');
    expect(hers.cookies.has('__Host-refresh')).toBe(false);
  });

  test.each([
    ['of another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['without an issuer', (url: URL) => url.searchParams.delete('iss')],
    ['with another code', (url: URL) => url.searchParams.set('code', 'forged')],
    ['without a code', (url: URL) => url.searchParams.delete('code')],
  ])('an answer %s is refused with a sentence', async (_name, change) => {
    const browser = new Browser(world.origin);
    const url = new URL(await atProvider((await begin(browser)).href), world.origin);
    change(url);

    const told = await browser.get(world.replica(0), `${url.pathname}${url.search}`);

    expect(told.status).toBe(400);
    expect(told.text).toContain('begin again');
    expect(browser.cookies.has('__Host-access')).toBe(false);
  });

  test('a sign-in that was cancelled ends on a page', async () => {
    const browser = new Browser(world.origin);
    const state = (await begin(browser)).searchParams.get('state') ?? '';

    const told = await browser.get(world.replica(0), `/auth/callback?error=access_denied&state=${state}`);

    expect(told.status).toBe(400);
    expect(told.headers.get('content-type')).toContain('text/html');
    expect(told.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('a silent round without anybody signed in there asks her', async () => {
    const browser = new Browser(world.origin);
    const asked = await begin(browser, '/auth/login?silent=1&returnTo=/profile');

    const back = await browser.get(world.replica(0), await atProvider(asked.href));

    expect(locationOf(back)).toBe('/auth/login?returnTo=%2Fprofile');
  });

  test('with a session, no page of the provider is needed', async () => {
    const browser = await world.signedIn();

    const back = await browser.get(world.replica(1), '/auth/login?returnTo=/orders');

    expect(locationOf(back)).toBe('/orders');
    expect(world.provider.calls).toMatchObject({ code: 1, refresh: 1 });
  });

  test.each(['//evil.example', '/\\evil.example', 'https://evil.example', '/.//evil.example', 'javascript:alert(1)'])(
    'it never returns to %s',
    async (returnTo) => {
      const browser = new Browser(world.origin);

      const back = await world.signIn(browser, `/auth/login?returnTo=${encodeURIComponent(returnTo)}`);

      expect(locationOf(back)).toBe('/welcome');
    },
  );

  test('the session before in this browser ends', async () => {
    const browser = await world.signedIn();
    const before = browser.copy();

    await world.signIn(browser, '/auth/login?silent=1');

    expect((await before.post(world.replica(0), '/auth/refresh')).status).toBe(401);
    expect((await browser.post(world.replica(0), '/auth/refresh')).status).toBe(200);
  });
});

describe('signing in when something stands against it (FR-2, §8)', () => {
  test('a provider that is down: 503, and when to try again', async () => {
    const browser = new Browser(world.origin);
    const path = await atProvider((await begin(browser)).href);
    world.provider.fault = 'down';

    const told = await browser.get(world.replica(0), path);

    expect(told.status).toBe(503);
    expect(Number(told.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(told.headers.get('content-type')).toContain('text/html');
  });

  test('a closed account gets a sentence and no session, here or there', async () => {
    await world.setStatus('DEACTIVATED');
    const browser = new Browser(world.origin);

    const told = await world.signIn(browser);

    expect(told.status).toBe(403);
    expect(told.text).toContain('closed');
    expect(browser.cookies.has('__Host-refresh')).toBe(false);
    expect(world.provider.calls.logout).toBe(1);
  });

  test('a token too long for a cookie is our fault, and no half of a session stays', async () => {
    world.provider.user.permissions = Array.from({ length: 200 }, (_, n) => `customer:a-very-long-permission-${n}`);
    const browser = new Browser(world.origin);

    const told = await world.signIn(browser);

    expect(told.status).toBe(500);
    expect(browser.cookies.has('__Host-refresh')).toBe(false);
  });

  test('a token we have just handed out and do not accept ends on a page, not in a circle', async () => {
    const browser = await world.signedIn();
    world.tokensRefused = true;

    const told = await browser.get(world.replica(0), '/auth/login?returnTo=/profile');

    expect(told.status).toBe(503);
    expect(browser.cookies.size).toBe(0);
  });

  test('nothing secret and nothing personal is logged', async () => {
    const browser = await world.signedIn();
    await browser.post(world.replica(0), '/auth/refresh');
    await browser.post(world.replica(0), '/auth/logout');

    const lines = world.logged.join('');

    expect(lines).toContain('signed in');
    expect(lines).not.toMatch(/eyJ|@shop\.example|[\w-]{43}/);
    expect(lines).not.toContain(world.sid);
  });
});
