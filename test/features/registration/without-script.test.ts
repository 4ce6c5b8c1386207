import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChromium } from '../../support/chromium.ts';
import { type EdgeWorld, openEdge } from '../../support/edge-world.ts';

/** On a machine without a browser one is installed first. */
const patienceMs = 240_000;

let edge: EdgeWorld;
let chromium: Browser;
beforeAll(async () => {
  edge = await openEdge();
  chromium = await openChromium();
}, patienceMs);
afterAll(async () => {
  await chromium?.close();
  await edge?.stop();
});

async function fillIn(page: Page, labels: { email: string; name: string; submit: string }): Promise<void> {
  await page.getByLabel(labels.email).fill('maria@shop.example');
  await page.getByLabel(labels.name).fill('Maria');
  await page.getByRole('button', { name: labels.submit }).click();
}

const german = { email: 'E-Mail-Adresse', name: 'Vorname', submit: 'Link anfordern' };
const english = { email: 'E-mail address', name: 'First name', submit: 'Send me the link' };

describe('a browser that does not run our script (FR-1)', () => {
  test.each([
    ['de-DE', german, 'Diese Seite braucht JavaScript', 'Es wurde nichts gespeichert', 'Noch einmal versuchen'],
    ['en-GB', english, 'This page needs JavaScript', 'Nothing was saved', 'Try again'],
  ])(
    'is told so before and after, in %s, and no address holds what she typed',
    async (locale, form, before, after, again) => {
      const context = await chromium.newContext({ javaScriptEnabled: false, locale });
      const page = await context.newPage();
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(`${edge.url}/register`);
      // A search by text passes over what stands in a noscript.
      expect(await page.locator('noscript p').innerText()).toContain(before);

      await fillIn(page, form);
      await page.getByText(after).waitFor();

      expect(page.url()).toBe(`${edge.url}/register`);
      expect(asked.join(' ') + edge.log()).not.toMatch(/maria/i);
      await page.getByRole('link', { name: again }).click();
      await page.getByLabel(form.email).waitFor();
      await context.close();
    },
  );

  test('nor when it was lost on its way', async () => {
    const context = await chromium.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    await page.route('**/assets/live.js*', (route) => route.abort());
    await page.goto(`${edge.url}/register`);

    await fillIn(page, english);
    await page.getByText('Nothing was saved').waitFor();

    expect(page.url()).toBe(`${edge.url}/register`);
    await context.close();
  });
});
