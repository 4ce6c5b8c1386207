import axe, { type AxeResults } from 'axe-core';
import type { Browser as Chromium, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Browser } from '../../support/browser.ts';
import { openChromium } from '../../support/chromium.ts';
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

/** Answers what a page asks for as the replica does, with the cookies of her browser. */
async function answer(route: Route, browser: Browser): Promise<void> {
  const request = route.request();
  const { pathname, search } = new URL(request.url());
  const body = request.postData();
  const init = { method: request.method(), headers: await request.allHeaders(), ...(body === null ? {} : { body }) };
  const seen = await browser.request(world.replica(0), `${pathname}${search}`, init);
  // A page that was sent elsewhere: the route cannot answer with a redirect.
  const to = seen.headers.get('location');
  const { status, headers, text } = to ? await browser.get(world.replica(0), to) : seen;
  headers.delete('set-cookie');
  return route.fulfill({ status, headers: Object.fromEntries(headers), body: text });
}

/** A real Chromium at our page, as wide as that, whose scripts do not run. */
async function opened(browser: Browser, path: string, width: number, javaScriptEnabled: boolean): Promise<Page> {
  const context = await chromium.newContext({ viewport: { width, height: 900 }, javaScriptEnabled });
  const page = await context.newPage();
  await page.route(`${world.origin}/**`, (route) => answer(route, browser));
  await page.goto(`${world.origin}${path}`);
  return page;
}

async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS'];
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

/** What axe finds against WCAG 2.2 AA, by rule and place; and whether something is wider than the page. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const script = `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`;
  const { violations } = await page.evaluate<AxeResults>(script);
  const wide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
  return wide ? [...found, 'wider than the page'] : found;
}

describe('pages whose forms need no script, in a real browser', () => {
  test.each([
    ['en', 1280],
    ['de', 360],
  ])('in %s, %i wide: contacts and code are without a barrier', async (locale, width) => {
    await world.rows('update customer set locale = $2 where id = $1', world.customerId, locale);
    const contacts = await opened(await world.signedIn(), '/account/contacts', width, true);
    expect(await contacts.locator('section').count()).toBe(2);
    expect(await barriers(contacts)).toEqual([]);
    await shoot(contacts, `contacts-${locale}-${width}`);
    world.hasCredentials();
    Object.assign(world.provider, { usual: '1', browserSid: undefined });

    const proof = await opened(await world.signedIn(), '/auth/step-up?returnTo=%2Fprofile', width, true);

    expect(await barriers(proof)).toEqual([]);
    await shoot(proof, `step-up-${locale}-${width}`);
    await Promise.all([contacts.context().close(), proof.context().close()]);
  });

  test('without a script a browser sends them as they are, with an origin that says nothing', async () => {
    const page = await opened(await world.signedIn(), '/account/contacts', 1280, false);

    await page.getByLabel('New e-mail address').fill('maria@new.example');
    await page.getByRole('button', { name: 'Use another address' }).click();

    await page.getByText('maria@new.example').waitFor();
    expect(await page.getByRole('status').textContent()).toContain('A mail with a link is on its way.');
    await page.context().close();
  });
});
