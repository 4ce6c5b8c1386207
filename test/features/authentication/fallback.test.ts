import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { atProvider, Browser, locationOf, type Seen } from '../../support/browser.ts';
import { OidcDouble } from '../../support/oidc-double.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
const second = new OidcDouble();
beforeAll(async () => world.start(await second.start()));
beforeEach(async () => {
  await world.reset();
  Object.assign(second, { fault: 'none', browserSid: undefined });
  Object.assign(second.calls, { code: 0, refresh: 0, logout: 0 });
  const { claims } = world.provider.user;
  // Whatever it says of her, her address and her rights among it.
  second.user = { sub: `auth0|${crypto.randomUUID()}`, claims, permissions: ['customer:self', 'customer:read'] };
});
afterAll(async () => {
  await world.stop();
  await second.stop();
});

const link = (): Promise<object[]> =>
  world.rows(
    'insert into identity_link (issuer, subject, customer_id, linked_at, checked_at) values ($1, $2, $3, now(), now())',
    second.issuer,
    second.user.sub,
    world.customerId,
  );
const profile = () => world.rows('select id, version, sequence, status from customer where id = $1', world.customerId);
const signIn = (browser: Browser): Promise<Seen> => world.signIn(browser, '/auth/fallback?returnTo=%2Fprofile');

describe('Keycloak is away, and there is a second issuer (decision 29)', () => {
  test('the sign-in says so and offers the other one', async () => {
    world.provider.fault = 'down';

    const page = await new Browser(world.origin).get(world.replica(0), '/auth/login?returnTo=%2Fprofile');

    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5']);
    expect(page.text).toContain('href="/auth/fallback?returnTo=%2Fprofile"');
    expect(page.text).toContain('Sign in with Auth0');
  });

  test('whoever is linked comes in, refreshes there although Keycloak is away, and is out after the sign-out', async () => {
    await link();
    world.provider.fault = 'down';
    const browser = new Browser(world.origin);

    expect(locationOf(await signIn(browser))).toBe('/profile');

    expect((await browser.post(world.replica(1), '/auth/refresh')).status).toBe(200);
    expect([second.calls.refresh, world.provider.calls.refresh]).toEqual([1, 0]);
    const [{ subject }] = (await world.rows<{ subject: string }>(
      'select subject from session_token where issuer = $1 and ended_at is null',
      second.issuer,
    )) as [{ subject: string }];
    expect(subject).toBe(second.user.sub);
    expect((await browser.post(world.replica(0), '/auth/logout')).status).toBe(204);
    const revoked = 'select 1 from revocation where issuer = $1 and subject = $2';
    expect(await world.rows(revoked, second.issuer, subject)).toHaveLength(1);
  });

  test('it signs in at level 1, and changes nothing of her profile', async () => {
    await link();
    second.user.claims = { email: 'another@shop.example', email_verified: true, given_name: 'Mallory' };
    world.provider.fault = 'down';
    const [before] = (await profile()) as [{ version: number }];

    await signIn(new Browser(world.origin));

    expect(await profile()).toMatchObject([{ version: before.version, status: 'ACTIVE' }]);
    expect(await world.facts('CustomerLoggedIn')).toMatchObject([{ acr: '1', method: 'SOCIAL' }]);
    expect(await world.facts('CustomerUpdated')).toEqual([]);
  });

  test('whoever has her proven address there and no link is refused, and is nobody new', async () => {
    world.provider.fault = 'down';
    const browser = new Browser(world.origin);
    const count = 'select count(*)::int as n from customer';
    const before = await world.rows(count);

    const page = await signIn(browser);

    expect([page.status, browser.cookies.has('__Host-access')]).toEqual([403, false]);
    expect(await world.rows(count)).toEqual(before);
  });

  test.each(['SUSPENDED', 'DEACTIVATED'] as const)('a %s account stays closed', async (status) => {
    await link();
    await world.setStatus(status);
    world.provider.fault = 'down';
    const browser = new Browser(world.origin);

    const page = await signIn(browser);

    expect([page.status, browser.cookies.has('__Host-access')]).toEqual([403, false]);
  });

  test('an answer of the one does not count for the other', async () => {
    await link();
    const browser = new Browser(world.origin);
    const begun = locationOf(await browser.get(world.replica(0), '/auth/login'));
    const back = (await atProvider(begun)).replace('/auth/callback', '/auth/fallback/callback');

    const page = await browser.get(world.replica(0), back);

    expect(locationOf(page)).toBe('/auth/login?again=1');
    expect(browser.cookies.has('__Host-access')).toBe(false);
  });

  test('both are away: a sentence', async () => {
    Object.assign(world.provider, { fault: 'down' });
    Object.assign(second, { fault: 'down' });

    const page = await new Browser(world.origin).get(world.replica(0), '/auth/fallback');

    expect(page.status).toBe(503);
    expect(page.text).toContain('Signing in is not possible at the moment. Please try again in a few seconds.');
  });
});

describe('Keycloak answers', () => {
  test('the second issuer takes no sign-in', async () => {
    const page = await new Browser(world.origin).get(world.replica(0), '/auth/fallback?returnTo=%2Fprofile');

    expect(locationOf(page)).toBe('/auth/login?returnTo=%2Fprofile');
  });

  test('a button of ours leads to the provider behind it', async () => {
    const page = await new Browser(world.origin).get(world.replica(0), '/auth/login?provider=auth0');

    expect(new URL(locationOf(page)).searchParams.get('kc_idp_hint')).toBe('auth0');
  });
});
