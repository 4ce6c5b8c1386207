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

const devices = {
  laptop: 'Mozilla/5.0 (Windows NT 10.0; rv:141.0) Gecko/20100101 Firefox/141.0',
  phone: 'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
};

async function signedInWith(userAgent: string): Promise<Browser> {
  Object.assign(world.from, { userAgent, ip: '91.0.0.1' });
  world.provider.browserSid = undefined;
  return world.signedIn();
}

const opened = (browser: Browser, path: string, width: number): Promise<Page> =>
  openedIn({ chromium, world }, browser, path, width);

describe('her sessions on the page of her account (issue 2, deliverable 5)', () => {
  test.each([
    ['en', 1280, 'Where you are signed in', 'Germany'],
    ['de', 360, 'Wo Sie angemeldet sind', 'Deutschland'],
  ])(
    'in %s, %i wide: all of them, the current one marked, without a barrier',
    async (locale, width, title, country) => {
      await world.rows('update customer set locale = $2 where id = $1', world.customerId, locale);
      await signedInWith(devices.phone);
      const browser = await signedInWith(devices.laptop);

      const page = await opened(browser, '/account', width);

      expect(await page.locator('#sessions').textContent()).toBe(title);
      const shown = await page.locator('.session').allInnerTexts();
      expect(shown.map((text) => text.replaceAll(/\s+/g, ' ').slice(0, 60))).toEqual([
        expect.stringMatching(/^Firefox, Windows (this one|dieser hier)/),
        expect.stringMatching(/^Chrome, Android /),
      ]);
      for (const text of shown) expect(text).toContain(country);
      expect([await barriers(page), await fits(page)]).toEqual([[], true]);
      await shoot(page, `sessions-${locale}-${width}`);
      await page.close();
    },
  );

  test('one is ended with a press, and then there is none but hers', async () => {
    const phone = await signedInWith(devices.phone);
    const browser = await signedInWith(devices.laptop);
    const page = await opened(browser, '/account', 1280);

    await page.getByRole('button', { name: 'End this session' }).click();

    await page.getByText('You are signed in nowhere else.').waitFor();
    expect(await page.locator('.session').count()).toBe(1);
    expect((await phone.post(world.replica(0), '/auth/refresh')).status).toBe(401);
    await page.close();
  });

  test('so are all others', async () => {
    const others = [await signedInWith(devices.phone), await signedInWith(devices.phone)];
    const browser = await signedInWith(devices.laptop);
    const page = await opened(browser, '/account', 1280);

    await page.getByRole('button', { name: 'End all others' }).click();

    await page.getByText('You are signed in nowhere else.').waitFor();
    for (const other of others) expect((await other.post(world.replica(0), '/auth/refresh')).status).toBe(401);
    expect((await browser.post(world.replica(0), '/auth/refresh')).status).toBe(200);
    await page.close();
  });

  test('who proved long ago who she is, is sent to prove it anew', async () => {
    world.provider.proofAge = 600;
    await signedInWith(devices.phone);
    const page = await opened(await signedInWith(devices.laptop), '/account', 1280);
    const asked = page.waitForRequest((request) => request.url().includes('/auth/login?acr=2'));

    await page.getByRole('button', { name: 'End all others' }).click();

    expect((await asked).url()).toContain('returnTo=%2Faccount%2Fsessions');
    await page.close();
  });

  test('nobody sees it without signing in', async () => {
    const answered = await new Browser(world.origin).get(world.replica(0), '/account');

    expect(answered.headers.get('location')).toBe('/auth/login?returnTo=%2Faccount');
  });
});
