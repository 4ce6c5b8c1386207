import type { Browser as Chromium, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Browser } from '../../support/browser.ts';
import { openChromium } from '../../support/chromium.ts';
import { barriers, fits, openedIn, shoot } from '../../support/own-pages.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
let chromium: Chromium;
beforeAll(async () => {
  await world.start();
  chromium = await openChromium();
});
beforeEach(async () => {
  await world.reset();
  world.provider.usual = '2';
});
afterAll(async () => {
  await chromium?.close();
  await world.stop();
});

const speak = (locale: string) => world.rows('update customer set locale = $2 where id = $1', world.customerId, locale);

function hasFactors(): void {
  const createdDate = Date.UTC(2026, 10, 3);
  world.user.credentials = [
    { id: 'password-1', type: 'password', createdDate },
    { id: 'app-1', type: 'otp', userLabel: '<b>phone</b>', createdDate },
    { id: 'key-1', type: 'webauthn-passwordless', userLabel: 'Laptop', createdDate },
    { id: 'what-1', type: 'something-new', createdDate },
    { id: 'device-1', type: 'customer-trusted-device', userLabel: 'Firefox, Windows', createdDate },
  ];
  world.user.federatedIdentities = [{ identityProvider: 'auth0', userId: 'x' }];
}

const pageAt = async (path: string, width = 1280): Promise<Page> =>
  openedIn({ chromium, world }, await world.signedIn(), path, width);

describe('the page of her account (issue 2, deliverable 12)', () => {
  test.each([
    ['en', 1280, 'Your account', 'Second factors and passkeys'],
    ['de', 360, 'Ihr Konto', 'Zweite Faktoren und Passkeys'],
  ])('in %s, %i wide: everything of hers, without a barrier', async (locale, width, title, factors) => {
    await speak(locale);
    hasFactors();

    const page = await pageAt('/account', width);

    expect(await page.locator('h1').textContent()).toBe(title);
    expect(await page.locator('html').getAttribute('lang')).toBe(locale);
    const card = page.getByRole('region', { name: factors });
    expect(await card.getByRole('listitem').filter({ hasText: '<b>phone</b>' }).count()).toBe(1);
    expect(await page.getByRole('region').filter({ hasText: 'Firefox, Windows' }).count()).toBe(1);
    expect(await page.getByText('auth0').count()).toBe(1);
    expect([await barriers(page), await fits(page)]).toEqual([[], true]);
    await shoot(page, `account-${locale}-${width}`);
    await page.close();
  });

  test('whatever she signs in with can be removed, by its own link, also what we have no word for', async () => {
    hasFactors();

    const { text } = await (await world.signedIn()).get(world.replica(0), '/account');

    for (const id of ['app-1', 'key-1', 'what-1', 'device-1'])
      expect(text).toContain(`/auth/action/remove?credential=${id}&amp;returnTo=%2Faccount`);
    expect(text).toContain('Something else');
    // This service has no gateway for text messages.
    expect(text).toContain('/auth/action/totp');
    expect(text).not.toContain('/auth/action/sms');
    expect(text).not.toContain('credential=password-1');
  });

  test('an account at a provider is unlinked by its button, and no longer shown', async () => {
    hasFactors();
    const page = await pageAt('/account');
    const card = page.getByRole('region', { name: 'Linked accounts' });

    await card.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('It is removed.').waitFor();

    expect(world.user.federatedIdentities).toEqual([]);
    expect(await page.getByText('auth0').count()).toBe(0);
    await page.close();
  });

  test('the only way to sign in stays', async () => {
    world.user.federatedIdentities = [{ identityProvider: 'auth0', userId: 'x' }];
    world.user.credentials = [{ id: 'app-1', type: 'otp' }];
    const page = await pageAt('/account');

    await page.getByRole('region', { name: 'Linked accounts' }).getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Nur damit').or(page.getByText('It is the only way')).waitFor();

    expect(world.user.federatedIdentities).toHaveLength(1);
    await page.close();
  });

  test.each([
    ['without the token of the form', {}],
    ['with a strange token', { 'form-token': 'x'.repeat(43) }],
  ])('%s nothing is unlinked', async (_name, token) => {
    hasFactors();
    const browser = await world.signedIn();

    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: 'null' };
    const body = String(new URLSearchParams({ provider: 'auth0', ...token }));
    const { status } = await browser.request(world.replica(0), '/account/links', { method: 'POST', headers, body });

    expect(status).toBe(403);
    expect(world.user.federatedIdentities).toHaveLength(1);
  });

  test('while Keycloak does not answer, the rest of the page stands', async () => {
    const browser = await world.signedIn();
    world.keycloakIsAway();

    const { status, text } = await browser.get(world.replica(0), '/account');

    expect(status).toBe(200);
    expect(text).toContain('This cannot be shown at the moment.');
    expect(text).toContain('data-profile');
    expect(text).toContain('data-sessions');
  });

  test.each([
    ['success', 'Your authenticator app is set up.'],
    ['cancelled', 'You cancelled it, so everything is as it was.'],
    ['error', 'This did not work. Everything is as it was'],
  ])('back from Keycloak with %s she reads what happened', async (ends, sentence) => {
    const browser = await world.signedIn();
    world.provider.actionEnds = ends;

    const back = await world.signIn(browser, '/auth/action/totp?returnTo=%2Faccount');
    const { text } = await browser.get(world.replica(0), back.headers.get('location') ?? '');

    expect(text).toContain(sentence);
    expect(/<p class="said"[^>]*role="status"/.test(text)).toBe(true);
  });

  test('a new address is asked for on the page behind it, and waits on both', async () => {
    const page = await pageAt('/account');

    await page.getByRole('link', { name: 'Change how we reach you' }).click();
    await page.getByLabel('New e-mail address').fill('anna@new.example');
    await page.locator('button[value=email]').press('Enter');
    await page.getByText('a mail with a link is on its way').waitFor();
    expect(page.url()).not.toContain('anna');
    await page.getByRole('link', { name: 'Back to your account' }).click();

    await page.getByText('Waits to be confirmed:').waitFor();
    expect(await page.getByText('Waits to be confirmed:').innerText()).toContain('anna@new.example');
    expect(await barriers(page)).toEqual([]);
    await shoot(page, 'account-pending');
    await page.close();
  });

  test('nobody sees it without signing in, and whoever is sent to sign in comes back to it', async () => {
    const answered = await new Browser(world.origin).get(world.replica(0), '/account?action=totp&status=success');

    expect(answered.headers.get('location')).toBe('/auth/login?returnTo=%2Faccount%3Faction%3Dtotp%26status%3Dsuccess');
  });
});
