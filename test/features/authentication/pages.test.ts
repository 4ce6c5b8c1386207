import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { storeIntent } from '../../../src/features/registration/intents.ts';
import { parseRegistration } from '../../../src/features/registration/registration-input.ts';
import { Browser, locationOf, type Seen } from '../../support/browser.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
beforeAll(() => world.start());
beforeEach(() => world.reset());
afterAll(() => world.stop());

/** Her names wait to be confirmed, so that the welcome is a page and leads nowhere. */
async function enterNames(): Promise<void> {
  const form = { email: 'maria@shop.example', givenName: 'Maria', familyName: 'Muster', locale: 'en', country: 'DE' };
  const wanted = parseRegistration({ ...form, idempotencyKey: '00000000-0000-4000-8000-000000000001' }, new Date());
  await storeIntent(world.replica(0).ctx(undefined), world.customerId, wanted);
}

/** Every page there is, of whoever asks for it, by the routes themselves. */
async function pagesOf(browser: Browser): Promise<Map<string, Seen>> {
  const replica = world.replica(0);
  const paths = new Set(replica.routes.routes.filter(({ method }) => method === 'GET').map(({ path }) => path));
  const seen = new Map<string, Seen>();
  for (const path of [...paths].toSorted()) {
    const answer = await browser.copy().request(replica, path, { headers: { accept: 'text/html' } });
    if (answer.headers.get('content-type')?.startsWith('text/html')) seen.set(path, answer);
  }
  return seen;
}

describe('the pages (FR-1, FR-2)', () => {
  test.each(['/', '/register', '/register/sent'])(
    '%s can be read by everybody and loads nothing from elsewhere',
    async (path) => {
      const page = await new Browser(world.origin).get(world.replica(0), path);

      expect(page.status).toBe(200);
      expect(page.headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self';/,
      );
      expect(page.headers.get('cache-control')).toBe('no-store');
      expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//);
      expect(page.text).not.toMatch(/\son\w+=|<style|style="/);
    },
  );

  test('what they load has an address that changes with it', async () => {
    const browser = new Browser(world.origin);
    const { text } = await browser.get(world.replica(0), '/');

    for (const [, address = ''] of text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
      const asset = await browser.get(world.replica(1), address);
      expect(asset.status).toBe(200);
      expect(asset.headers.get('cache-control')).toContain('immutable');
    }
  });

  test('the profile asks whoever is not signed in to sign in, and comes back', async () => {
    const browser = new Browser(world.origin);

    const asked = await browser.get(world.replica(0), '/profile');

    expect(locationOf(asked)).toBe('/auth/login?returnTo=%2Fprofile');
    expect(locationOf(await browser.get(world.replica(0), '/welcome'))).toBe('/auth/login');
  });

  test('the profile shows what she entered as text, whatever it is', async () => {
    world.provider.user.claims['given_name'] = '<script>alert(1)</script>';
    const browser = await world.signedIn();
    await world.changeProfile({ displayName: '"><img src=x> Maria' });

    const { status, text } = await browser.get(world.replica(0), '/profile');

    expect(status).toBe(200);
    expect(text).toContain('&quot;&gt;&lt;img src=x&gt; Maria');
    expect(text).not.toContain('<img');
  });

  test('without names to confirm the welcome leads on', async () => {
    const browser = await world.signedIn();

    expect(locationOf(await browser.get(world.replica(0), '/welcome'))).toBe('/profile');
  });

  test('an address that leads nowhere is said in a sentence, or to scripts as a problem', async () => {
    const browser = new Browser(world.origin);

    const page = await browser.request(world.replica(0), '/nowhere', { headers: { accept: 'text/html' } });
    const answer = await browser.get(world.replica(0), '/nowhere');

    expect([page.status, answer.status]).toEqual([404, 404]);
    expect(page.text).toContain('There is no such page.');
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('no form of any page puts what she types into an address, script or not', async () => {
    const browser = await world.signedIn();
    await enterNames();

    const pages = await pagesOf(browser);

    const forms = [...pages].flatMap(([path, { text }]) =>
      [...text.matchAll(/<form[^>]*>/g)].map(([tag]) => [path, tag] as const),
    );
    expect(forms.map(([path]) => path)).toEqual(
      expect.arrayContaining(['/account', '/profile', '/register', '/welcome']),
    );
    for (const [path, tag] of forms) expect(tag).toContain(`method="post" action="${path}"`);
    for (const [path] of forms) expect(pages.get(path)?.text).toMatch(/<noscript>.+needs JavaScript/);
    for (const { text } of pages.values()) expect(text).not.toMatch(/formaction|formmethod/i);
  });

  test.each(['/register', '/account', '/profile', '/welcome', '/auth/register'])(
    'a form that the browser itself sends to %s is answered in a sentence, and nothing of it stays',
    async (path) => {
      const browser = await world.signedIn();
      const mails = world.mails.length;
      const headers = { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded', origin: 'null' };
      const body = new URLSearchParams({ email: 'olga@shop.example', givenName: 'Olga', hers: 'yes' }).toString();

      const answer = await browser.request(world.replica(0), path, { method: 'POST', headers, body });

      expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
      expect(answer.text).toContain('Nothing was saved, because the script of the page did not run.');
      expect(answer.text + world.logged.join('')).not.toMatch(/olga/i);
      expect(world.mails).toHaveLength(mails);
      expect((await browser.get(world.replica(0), '/profile')).text).not.toContain('Olga');
    },
  );
});
