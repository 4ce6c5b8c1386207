import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { atProvider, type Browser, locationOf, type Seen } from '../../support/browser.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
beforeAll(() => world.start());
beforeEach(() => world.reset());
afterAll(() => world.stop());

/** In a browser whose owner has just proven who she is with a second factor. */
async function steppedUp(): Promise<Browser> {
  world.provider.strongest = '2';
  const browser = await world.signedIn();
  await world.signIn(browser, '/auth/login?acr=2');
  return browser;
}

const go = (browser: Browser, path: string): Promise<Seen> => browser.get(world.replica(0), path);
const wishOf = (seen: Seen): string | null => new URL(locationOf(seen)).searchParams.get('kc_action');

describe('what a customer has Keycloak do with her account (contracts: rest, /auth/action)', () => {
  test.each([
    ['password', 'UPDATE_PASSWORD'],
    ['totp', 'CONFIGURE_TOTP'],
    ['sms', 'configure-sms-otp'],
    ['passkey', 'webauthn-register-passwordless'],
    ['recovery-codes', 'CONFIGURE_RECOVERY_AUTHN_CODES'],
    ['remove?credential=4f1c-9', 'delete_credential:4f1c-9'],
    ['link?credential=auth0', 'idp_link:auth0'],
  ])('%s asks it for %s', async (path, wish) => {
    expect(wishOf(await go(await steppedUp(), `/auth/action/${path}`))).toBe(wish);
  });

  test.each([
    'remove',
    'link',
    'link?credential=a:b',
    'remove?credential=social-auth0',
    'remove?credential=',
    'remove?credential=a:b',
    'remove?credential=a%20b',
    `remove?credential=${'a'.repeat(65)}`,
    'delete_account',
    'CONFIGURE_TOTP',
    'constructor',
    '__proto__',
    'toString',
    'TOTP',
  ])('%s is no such page', async (path) => {
    expect((await go(await steppedUp(), `/auth/action/${path}`)).status).toBe(404);
  });

  test('whoever is not signed in signs in first, and comes back to it', async () => {
    const browser = await world.signedIn();
    browser.cookies.clear();

    const asked = await go(browser, '/auth/action/totp?returnTo=%2Faccount');

    const login = locationOf(asked);
    expect(login).toMatch(/^\/auth\/login\?returnTo=%2Fauth%2Faction%2Ftotp/);
    expect(locationOf(await world.signIn(browser, login))).toBe('/auth/action/totp?returnTo=%2Faccount');
  });

  test('whoever has not just proven who she is does so first, and comes back to it', async () => {
    world.provider.strongest = '2';
    const browser = await world.signedIn();

    const asked = new URL(locationOf(await go(browser, '/auth/action/remove?credential=x1&returnTo=%2Faccount')));
    expect([asked.pathname, asked.searchParams.get('acr')]).toEqual(['/auth/login', '2']);
    const back = locationOf(await world.signIn(browser, `${asked.pathname}${asked.search}`));

    expect(back).toBe('/auth/action/remove?credential=x1&returnTo=%2Faccount');
    expect(wishOf(await go(browser, back))).toBe('delete_credential:x1');
  });

  test.each([
    ['success', 'success', 'is set up'],
    ['cancelled', 'cancelled', 'You cancelled'],
    ['error', 'error', 'try again'],
    ['<b>', 'error', 'try again'],
  ])('%s is told in words', async (status, shown, words) => {
    const browser = await steppedUp();
    world.provider.actionEnds = status;

    const back = locationOf(await world.signIn(browser, '/auth/action/totp'));

    expect(back).toBe(`/account?action=totp&status=${shown}`);
    expect((await go(browser, back)).text).toContain(words);
  });

  test('a page of ours that she came from learns it; no other page does', async () => {
    const browser = await steppedUp();

    const own = await world.signIn(browser, '/auth/action/passkey?returnTo=%2Faccount%3Ftab%3D2%23factors');
    const foreign = await world.signIn(browser, '/auth/action/passkey?returnTo=%2F%2Fevil.example');

    expect(locationOf(own)).toBe('/account?tab=2&action=passkey&status=success#factors');
    expect(locationOf(foreign)).toBe('/account?action=passkey&status=success');
  });

  test('a password as the only proof ends with the first factor that she sets up', async () => {
    world.provider.givesPassword = true;
    const browser = await world.signedIn();
    await world.signIn(browser, '/auth/login?acr=2');

    await world.signIn(browser, '/auth/action/password');
    expect(await world.isSteppedUp(browser)).toBe(true);
    await world.signIn(browser, '/auth/action/totp');

    expect(await world.isSteppedUp(browser)).toBe(false);
  });

  test('somebody else who comes back from there is refused', async () => {
    const browser = await steppedUp();
    const before = browser.cookies.get('__Host-access');
    const asked = locationOf(await go(browser, '/auth/action/totp'));
    world.provider.user = { ...world.provider.user, sub: randomUUID() };
    world.provider.browserSid = undefined;

    const told = await go(browser, await atProvider(asked));

    expect(told.status).toBe(400);
    expect(browser.cookies.get('__Host-access')).toBe(before);
  });
});
