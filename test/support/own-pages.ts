import axe, { type AxeResults } from 'axe-core';
import type { Browser as Chromium, Page, Route } from 'playwright-core';
import type { Browser } from './browser.ts';
import type { SessionWorld } from './session-world.ts';

/** Answers what a page asks for as the replica does, with the cookies of her browser. */
async function answer(route: Route, { world, browser }: { world: SessionWorld; browser: Browser }): Promise<void> {
  const request = route.request();
  const { pathname, search } = new URL(request.url());
  const body = request.postData();
  if (pathname === '/graphql') {
    const { query, variables } = JSON.parse(body ?? '{}') as { query: string; variables: Record<string, unknown> };
    return route.fulfill({ json: await world.ask(browser, query, variables) });
  }
  const headers = { ...(await request.allHeaders()), origin: world.origin };
  const init = { method: request.method(), headers, ...(body === null ? {} : { body }) };
  const { status, headers: said, text } = await browser.request(world.replica(1), `${pathname}${search}`, init);
  said.delete('set-cookie');
  return route.fulfill({ status, headers: Object.fromEntries(said), body: text });
}

/** A real Chromium at our page, as wide as that. */
export async function openedIn(
  { chromium, world }: { chromium: Chromium; world: SessionWorld },
  browser: Browser,
  path: string,
  width: number,
): Promise<Page> {
  const page = await chromium.newPage({ viewport: { width, height: 900 } });
  await page.route(`${world.origin}/**`, (route) => answer(route, { world, browser }));
  await page.goto(`${world.origin}${path}`);
  await page.locator('html[data-ready]').waitFor();
  return page;
}

/** What axe finds against WCAG 2.2 AA, by rule and place. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const script = `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`;
  const { violations } = await page.evaluate<AxeResults>(script);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

/** Nothing is wider than the page. */
export const fits = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth');

/** Keeps a picture of the page, where `SCREENSHOTS` names a folder for it. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS'];
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
