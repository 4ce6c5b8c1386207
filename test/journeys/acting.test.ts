import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { password, type SignedUp, stepsOverService } from '../support/life-steps.ts';

const endpoints = inject('endpoints');
const steps = stepsOverService();
const reason = 'Ticket 4711: her name is misspelt';
let chromium: Browser;
beforeAll(async () => {
  chromium = await openChromium();
});
afterAll(() => chromium?.close());

/** Staff who act for customers, signed in with her browser. */
async function staffAt(context: BrowserContext): Promise<{ page: Page; staff: SignedUp }> {
  const staff = await steps.signedUp();
  const { id } = await steps.userOf(staff.email);
  const role: unknown = await steps.admin('GET', '/roles/support-pii');
  await steps.admin('POST', `/users/${id}/role-mappings/realm`, [role] as never);
  const page = await context.newPage();
  await page.goto(`${endpoints.rest}/auth/login?returnTo=%2F`);
  await page.fill('#username', staff.email);
  await page.fill('#password', password);
  await page.locator('#kc-login').click();
  await page.waitForURL(`${endpoints.rest}/`);
  // Her second factor: the client of tests gets the token that says so.
  const value = await steps.tokenOf(staff.email, 'openid strong');
  const cookie = { name: '__Host-access', value, url: endpoints.rest.replace('http:', 'https:') };
  await context.addCookies([{ ...cookie, secure: true, httpOnly: true, sameSite: 'Lax' }]);
  return { page, staff };
}

/** Begins as a console does; returns the number of the acting. */
async function begin(page: Page, customerId: string, write: boolean): Promise<string> {
  const body = JSON.stringify({ customerId, reason, write });
  return page.evaluate(async (text) => {
    const headers = { 'content-type': 'application/json', 'x-csrf': '1' };
    const answer = await fetch('/auth/acting', { method: 'POST', headers, body: text });
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { id: string }).id;
  }, body);
}

/** What axe finds against WCAG 2.2 AA, by rule and place. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const script = `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`;
  const { violations } = await page.evaluate<AxeResults>(script);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

async function named(displayName: string): Promise<SignedUp> {
  const customer = await steps.signedUp();
  const { version } = (await steps.ask('{ me { version } }', {}, customer.token))['data'].me;
  const change = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }';
  await steps.ask(change, { input: { expectedVersion: version, displayName } }, customer.token);
  return customer;
}

const trace = (customerId: string) =>
  steps.rows<{ action: string; actor: string; reason: string; acting: string }>(
    `select action, actor_type || ' ' || actor_id as actor, reason, acting_id as acting from audit_entry
      where customer_id = $1 and acting_id is not null order by sequence`,
    customerId,
  );

describe('acting for a customer in a browser (decision 30)', () => {
  test('staff see her profile under a banner, change what she asked for, and end it; she can see all that', async () => {
    const context = await chromium.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
    const faults: string[] = [];
    context.on('weberror', (error) => faults.push(error.error().message));
    const [{ page, staff }, customer] = [await staffAt(context), await named('Maria Muster')];

    const acting = await begin(page, customer.id, true);
    await page.goto(`${endpoints.rest}/profile?acting=${acting}`);
    const banner = page.getByRole('region', { name: 'Acting for a customer' });
    expect(await banner.innerText()).toMatch(/^You act for M… M… until \d?\d:\d\d/);
    await page.locator('[data-shows=email]', { hasText: customer.email }).waitFor();
    if (process.env['SHOTS'])
      await page.screenshot({ path: `${process.env['SHOTS']}/${page.viewportSize()?.width}.png` });
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel('First name').fill('Marla');
    await page.getByRole('button', { name: 'Save' }).press('Enter');
    await page.locator('[data-shows=givenName]', { hasText: 'Marla' }).waitFor();
    await banner.getByRole('button', { name: 'End' }).press('Enter');
    await page.waitForURL(`${endpoints.rest}/`);

    await page.goto(`${endpoints.rest}/profile?acting=${acting}`);
    await page.getByText('You no longer act for this customer.').waitFor();
    await page.goto(`${endpoints.rest}/profile`);
    await page.locator('[data-shows=email]', { hasText: staff.email }).waitFor();
    expect(await page.locator('[data-shows=givenName]').innerText()).toBe('');
    const left = await trace(customer.id);
    const { id } = await steps.userOf(staff.email);
    expect(new Set(left.map((one) => JSON.stringify([one.actor, one.reason, one.acting])))).toEqual(
      new Set([JSON.stringify([`staff ${id}`, reason, acting])]),
    );
    expect([...new Set(left.map(({ action }) => action))]).toEqual([
      'ACTING_BEGAN',
      'STAFF_ACCESS',
      'PROFILE_CHANGED',
      'ACTING_ENDED',
    ]);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('read-only there is nothing to fill in, narrow and in German; her suspension ends it on the open page', async () => {
    const context = await chromium.newContext({ viewport: { width: 360, height: 740 }, locale: 'de-DE' });
    const [{ page }, customer] = [await staffAt(context), await steps.signedUp()];

    const acting = await begin(page, customer.id, false);
    await page.goto(`${endpoints.rest}/profile?acting=${acting}`);
    const banner = page.getByRole('region', { name: 'Handeln für' });
    expect(await banner.innerText()).toContain('nichts ändern');
    expect(await page.locator('form').count()).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    if (process.env['SHOTS'])
      await page.screenshot({ path: `${process.env['SHOTS']}/${page.viewportSize()?.width}.png` });
    expect(await barriers(page)).toEqual([]);

    const user = await steps.userOf(customer.email);
    await steps.admin('PUT', `/users/${user.id}`, { ...user, enabled: false });

    await page.getByText('Sie handeln nicht mehr für dieses Konto.').waitFor({ timeout: 15_000 });
    expect(await page.content()).not.toContain(customer.email);
    await context.close();
  });
});
