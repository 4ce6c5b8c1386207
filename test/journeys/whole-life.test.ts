import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { openConsole } from '../support/keycloak-console.ts';
import { saidTimes, timesOf } from '../support/figures.ts';
import { type RunningService, startService } from '../support/running-service.ts';
import { choosePassword, linkTo, registerOnPage } from '../support/signing-up.ts';

const endpoints = inject('endpoints');
let service: RunningService;
let chromium: Browser;

beforeAll(async () => {
  service = await startService(inject('environment'));
  chromium = await openChromium();
});
afterAll(async () => {
  await chromium?.close();
  await service?.[Symbol.asyncDispose]();
});

async function secondWindow(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(`${endpoints.rest}/profile`);
  await page.locator('html[data-ready]').waitFor();
  return page;
}

/** What axe finds against WCAG 2.2 AA, by rule and place. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const script = `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`;
  const { violations } = await page.evaluate<AxeResults>(script);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

async function took(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Reports how long something took; three times the goal is a failure. */
function within(what: string, milliseconds: number[], goal: number): void {
  process.stdout.write(`  ${what}: ${saidTimes(timesOf(milliseconds))}, goal ${goal} ms\n`);
  expect(Math.max(...milliseconds)).toBeLessThan(3 * goal);
}

/** Follows the profile by a WebSocket of the page, with its cookies. */
async function followBySocket(page: Page): Promise<{ ended: () => Promise<unknown> }> {
  await page.evaluate(
    (address) =>
      new Promise<void>((follows, fails) => {
        const socket = new WebSocket(address, 'graphql-transport-ws');
        const query = 'subscription { customerChanged { cursor } }';
        const say = (message: object): void => socket.send(JSON.stringify(message));
        const ended = new Promise((end) => {
          socket.addEventListener('message', ({ data }) => {
            const { type } = JSON.parse(String(data)) as { type: string };
            if (type === 'connection_ack') say({ id: '1', type: 'subscribe', payload: { query } });
            if (type === 'next') follows();
            if (type === 'complete' || type === 'error') end(type);
          });
          socket.addEventListener('close', ({ code }) => end(code));
        });
        socket.addEventListener('open', () => say({ type: 'connection_init' }));
        socket.addEventListener('error', () => fails(new Error('no socket')));
        Object.assign(window, { socketEnded: ended });
      }),
    endpoints.ws,
  );
  return { ended: () => page.evaluate('window.socketEnded') };
}

const givenName = (page: Page, name: string) =>
  page.locator('[data-shows=givenName]', { hasText: new RegExp(`^${name}$`) });

describe('a customer’s whole life in a browser (FR-1, FR-2)', () => {
  test('sign up, prove, sign in, change the name, see it live, be changed and disabled by an admin', async () => {
    const context = await chromium.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
    const page = await context.newPage();
    const faults: string[] = [];
    context.on('weberror', (error) => faults.push(error.error().message));
    const email = `maria.${Date.now()}@shop.example`;

    await registerOnPage(page, endpoints, { email, givenName: 'Maria', familyName: 'Muster' });
    await choosePassword(page, endpoints, await linkTo(endpoints, email), email);
    const second = await secondWindow(context);
    await givenName(second, 'Maria').waitFor();
    expect(await barriers(page)).toEqual([]);

    const socket = await followBySocket(second);
    const renamed: number[] = [];
    for (const name of ['Marianne', 'Marina', 'Marietta', 'Marla', 'Maren']) {
      await page.getByLabel('First name').fill(name);
      renamed.push(
        await took(async () => {
          await page.getByRole('button', { name: 'Save' }).press('Enter');
          await givenName(second, name).waitFor();
        }),
      );
    }
    within('a new name in the second window', renamed, 1000);
    await page.getByLabel('Country').selectOption('Austria');
    await page.getByRole('button', { name: 'Save' }).press('Enter');
    await expect.poll(() => second.getByLabel('Country').inputValue()).toBe('AT');

    const console = await openConsole(endpoints);
    const user = await console.userOf(email);
    // Keycloak knows no conditional write: what an admin saves in the milliseconds of ours is overwritten.
    await expect.poll(() => console.firstNameOf(user), { timeout: 15_000 }).toBe('Maren');
    const changed: number[] = [];
    for (const firstName of ['Mary', 'Mia', 'May']) {
      changed.push(
        await took(async () => {
          await console.change(user, { firstName });
          await givenName(second, firstName).waitFor({ timeout: 15_000 });
        }),
      );
    }
    within('an admin’s name in the second window', changed, 5000);

    const disabled = performance.now();
    await console.change(user, { enabled: false });
    const over = second.locator('[data-over]:not([hidden])').waitFor({ timeout: 15_000 });
    const ends = await Promise.all(
      [over, socket.ended()].map(async (end) => end.then(() => performance.now() - disabled)),
    );
    within('the end of a disabled user’s session, in the window and on the socket', ends, 5000);
    expect(faults).toEqual([]);
  });

  test('a form says at each field what is wrong, in her language, and keeps what she typed', async () => {
    const context = await chromium.newContext({ viewport: { width: 360, height: 740 }, locale: 'de-DE' });
    const page = await context.newPage();
    await page.goto(`${endpoints.rest}/register`);
    const [address, button] = [page.getByLabel('E-Mail-Adresse'), page.getByRole('button', { name: 'Link' })];

    await button.press('Enter');
    await page.getByText('Das wird gebraucht.').waitFor();
    await address.fill('maria@shop@example');
    await button.press('Enter');
    await page.getByText('Das ist keine E-Mail-Adresse.').waitFor();

    expect(await address.evaluate((input) => input === document.activeElement)).toBe(true);
    expect(await address.inputValue()).toBe('maria@shop@example');
    expect(await barriers(page)).toEqual([]);
    await context.close();
  });

  test('whoever opens the mail in another browser is asked whether the names are hers', async () => {
    const email = `maria.${Date.now()}@shop.example`;
    const person = { email, givenName: 'Marie', familyName: 'Muster' };
    await registerOnPage(await (await chromium.newContext({ locale: 'en-GB' })).newPage(), endpoints, person);
    const context = await chromium.newContext({ viewport: { width: 360, height: 740 }, locale: 'en-GB' });
    const page = await context.newPage();

    await choosePassword(page, endpoints, await linkTo(endpoints, email), email, '**/welcome');
    expect(await barriers(page)).toEqual([]);
    await page.getByText('Marie Muster').waitFor();
    await page.getByRole('button', { name: 'Yes' }).press('Enter');

    await page.waitForURL('**/profile');
    await givenName(page, 'Marie').waitFor();
    await context.close();
  });

  test('nothing on our pages runs or loads from elsewhere, wide or narrow, in both languages', async () => {
    for (const [width, locale] of [
      [1280, 'de-DE'],
      [360, 'en-GB'],
    ] as const) {
      const context = await chromium.newContext({ viewport: { width, height: 800 }, locale });
      const page = await context.newPage();
      const told: string[] = [];
      page.on('console', (message) => told.push(message.text()));
      page.on('request', (request) => told.push(...(request.url().startsWith(endpoints.rest) ? [] : [request.url()])));

      for (const path of ['/', '/register', '/register/sent']) {
        await page.goto(`${endpoints.rest}${path}`);
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
        expect(await page.locator('html').getAttribute('lang')).toBe(locale.slice(0, 2));
        expect(await barriers(page)).toEqual([]);
      }

      expect(told.filter((line) => !line.startsWith('data:'))).toEqual([]);
      await context.close();
    }
  });
});
