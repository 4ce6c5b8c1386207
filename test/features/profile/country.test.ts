import type { Browser as Chromium, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Browser } from '../../support/browser.ts';
import { openChromium } from '../../support/chromium.ts';
import { SessionWorld } from '../../support/session-world.ts';

/** On a machine without a browser one is installed first. */
const patienceMs = 240_000;

const world = new SessionWorld();
let chromium: Chromium;
beforeAll(async () => {
  await world.start();
  chromium = await openChromium();
}, patienceMs);
beforeEach(() => world.reset());
afterAll(async () => {
  await chromium?.close();
  await world.stop();
});

interface Shown {
  version: number;
  country: string | null;
  locale: string | null;
}

/** Changes that the page sent to the graph. */
type Sent = Record<string, unknown>[];

/** Stands for the graph, which has tests of its own: the state after a change elsewhere, and a yes to every change. */
function answerGraph(route: Route, elsewhere: Shown, sent: Sent): Promise<void> {
  const { query, variables } = route.request().postDataJSON() as { query: string; variables: { input: Sent[0] } };
  if (query.startsWith('subscription')) {
    const customerChanged = { cursor: '1', snapshot: false, changedPaths: ['country'], customer: elsewhere };
    const body = `event: next\ndata: ${JSON.stringify({ data: { customerChanged } })}\n\n`;
    return route.fulfill({ contentType: 'text/event-stream', body });
  }
  sent.push(variables.input);
  const customer = { ...elsewhere, ...variables.input, version: elsewhere.version + 1 };
  return route.fulfill({ json: { data: { updateProfile: { __typename: 'CustomerPayload', customer } } } });
}

async function profileIn(browser: Browser, elsewhere: Shown): Promise<{ page: Page; sent: Sent }> {
  const page = await chromium.newPage();
  const sent: Sent = [];
  await page.route('**', async (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path === '/graphql') return answerGraph(route, elsewhere, sent);
    const { status, headers, text } = await browser.get(world.replica(0), path);
    return route.fulfill({ status, headers: { 'content-type': headers.get('content-type') ?? '' }, body: text });
  });
  await page.goto(`${world.origin}/profile`);
  return { page, sent };
}

describe('her country on her profile (FR-1)', () => {
  test('is chosen among those of the registration, or not given', async () => {
    const browser = await world.signedIn();
    const codes = async (path: string) => {
      const { text } = await browser.get(world.replica(0), path);
      const [, choice = ''] = /<select\s+id="country"([\s\S]*?)<\/select>/.exec(text) ?? [];
      return [...choice.matchAll(/value="(\w*)"/g)].map(([, code]) => code);
    };

    const offered = await codes('/register');

    expect(offered).toContain('AT');
    expect(await codes('/profile')).toEqual(['', ...offered]);
  });

  test('stays what it is, though we do not offer it', async () => {
    const browser = await world.signedIn();
    await world.changeProfile({ country: 'JP' });

    const { text } = await browser.get(world.replica(0), '/profile');

    expect(text).toMatch(/<option value="JP" selected>Japan</);
  });

  test('is shown when it was chosen elsewhere, and can be taken back', async () => {
    const { page, sent } = await profileIn(await world.signedIn(), { version: 9, country: 'JP', locale: null });

    await page.getByText('changed elsewhere').waitFor();
    expect(await page.getByLabel('Country').inputValue()).toBe('JP');
    expect(await page.getByLabel('Country').locator('option:checked').textContent()).toBe('Japan');
    expect(await page.getByLabel('Language').inputValue()).toBe('en');
    await page.getByLabel('Country').selectOption('not given');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();

    expect(sent).toEqual([{ expectedVersion: 9, country: null }]);
    await page.close();
  });
});
