import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { StepUpRequired } from '../../../src/domain/errors.ts';
import { mustBeSteppedUp } from '../../../src/read-model/step-up.ts';
import { atProvider, Browser, locationOf } from '../../support/browser.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
beforeAll(() => world.start());
beforeEach(() => world.reset());
afterAll(() => world.stop());

/** Where an error that asks for a stronger proof sends her (contracts: access, "Step-up"). */
const link = '/auth/login?acr=2&returnTo=%2Fprofile';
const claimsOf = (browser: Browser) =>
  decodeJwt<{ acr: string; auth_time: number }>(browser.cookies.get('__Host-access') ?? '');
const now = (): number => Date.now() / 1000;

describe('proving once more who one is', () => {
  test('leads to the provider, although there is a session, which asks anew for the level', async () => {
    const browser = await world.signedIn();

    const asked = new URL(locationOf(await browser.get(world.replica(0), link)));

    expect(asked.searchParams.get('acr_values')).toBe('2');
    expect(asked.searchParams.get('prompt')).toBe('login');
  });

  test('ends where it began, with a fresh proof of that level', async () => {
    Object.assign(world.provider, { proofAge: 1800, strongest: '2' });
    const browser = await world.signedIn();
    expect(claimsOf(browser).auth_time).toBeLessThan(now() - 300);

    const back = await world.signIn(browser, link);

    expect(locationOf(back)).toBe('/profile');
    expect(claimsOf(browser).acr).toBe('2');
    expect(claimsOf(browser).auth_time).toBeGreaterThan(now() - 60);
    expect((await browser.post(world.replica(1), '/auth/refresh')).status).toBe(200);
  });

  test('without a second factor her password, given anew, is enough, and for five minutes', async () => {
    world.provider.givesPassword = true;
    world.hasCredentials('password');
    const browser = await world.signedIn();
    expect(await world.isSteppedUp(browser)).toBe(false);

    const back = await world.signIn(browser, link);

    expect(locationOf(back)).toBe('/profile');
    expect(await world.isSteppedUp(browser)).toBe(true);
    world.advance(290);
    expect((await browser.post(world.replica(1), '/auth/refresh')).status).toBe(200);
    expect(await world.isSteppedUp(browser)).toBe(true);
    world.advance(20);
    expect(await world.isSteppedUp(browser)).toBe(false);
  });

  test('what was refused for want of a proof succeeds when she comes back from where it sent her', async () => {
    world.provider.givesPassword = true;
    const browser = await world.signedIn();
    const call = () => mustBeSteppedUp(world.replica(0).ctx(browser.cookies.get('__Host-access')));
    const refusal = await call().catch((error: unknown) => error);
    const { acr, authUrl } = refusal as StepUpRequired;
    expect([acr, authUrl]).toEqual(['2', `${world.origin}/auth/login?acr=2&returnTo=%2F`]);

    expect(locationOf(await world.signIn(browser, authUrl.slice(world.origin.length)))).toBe('/');

    await call();
  });

  test('her proof is that of one browser, and ends with its session', async () => {
    world.provider.givesPassword = true;
    const other = await world.signedIn();
    world.provider.browserSid = undefined;
    const browser = await world.signedIn();
    await world.signIn(browser, link);

    expect(await world.isSteppedUp(browser)).toBe(true);
    expect(await world.isSteppedUp(other)).toBe(false);
    const copy = browser.copy();
    await browser.post(world.replica(0), '/auth/logout');
    expect(await world.isSteppedUp(copy)).toBe(false);
  });

  test.each([['otp'], ['webauthn-passwordless'], ['recovery-authn-codes'], ['password', 'otp']])(
    'a password does not do for whoever has %s',
    async (...types) => {
      world.provider.givesPassword = true;
      world.hasCredentials(...types);
      const browser = await world.signedIn();

      const told = await world.signIn(browser, link);

      expect(told.status).toBe(403);
      expect(await world.isSteppedUp(browser)).toBe(false);
      expect((await browser.post(world.replica(0), '/auth/refresh')).status).toBe(200);
    },
  );

  test('a fresh sign-in without a password is told so, and she is signed in as before', async () => {
    const browser = await world.signedIn();

    const told = await world.signIn(browser, link);

    expect(told.status).toBe(403);
    expect(told.text).toContain('second factor');
    expect(await world.isSteppedUp(browser)).toBe(false);
    expect((await browser.post(world.replica(0), '/auth/refresh')).status).toBe(200);
  });

  test('while Keycloak cannot say what she has, nobody steps up', async () => {
    world.provider.givesPassword = true;
    const browser = await world.signedIn();
    world.keycloakIsAway();

    const told = await world.signIn(browser, link);

    expect(told.status).toBe(503);
    expect(await world.isSteppedUp(browser)).toBe(false);
  });

  test('somebody else who proves herself there instead is nobody here', async () => {
    Object.assign(world.provider, { strongest: '2' });
    const browser = await world.signedIn();
    const before = browser.cookies.get('__Host-access');
    const begun = await browser.get(world.replica(0), link);
    world.provider.user = { ...world.provider.user, sub: 'somebody-else' };
    world.provider.browserSid = undefined;

    const told = await browser.get(world.replica(0), await atProvider(locationOf(begun)));

    expect(told.status).toBe(400);
    expect(browser.cookies.get('__Host-access')).toBe(before);
  });

  test('a proof of before does not count, whatever its level', async () => {
    Object.assign(world.provider, { proofAge: 1800, strongest: '2', obedient: false });
    const browser = await world.signedIn();
    const before = browser.cookies.get('__Host-access');

    const told = await world.signIn(browser, link);

    expect(told.status).toBe(400);
    expect(browser.cookies.get('__Host-access')).toBe(before);
  });

  test.each(['acr=0', 'acr=3', 'acr=x&acr=2', 'acr='])('%s asks for nothing', async (query) => {
    const browser = new Browser(world.origin);

    const asked = new URL(locationOf(await browser.get(world.replica(0), `/auth/login?${query}`)));

    expect(asked.searchParams.has('acr_values')).toBe(false);
    expect(asked.searchParams.has('prompt')).toBe(false);
    expect(locationOf(await browser.get(world.replica(0), await atProvider(asked.href)))).toBe('/welcome');
  });
});
