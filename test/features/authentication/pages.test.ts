import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Browser, locationOf } from '../../support/browser.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
beforeAll(() => world.start());
beforeEach(() => world.reset());
afterAll(() => world.stop());

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
    await world.rename('"><img src=x> Maria');

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
});
