import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Browser, type Seen } from '../../support/browser.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
beforeAll(() => world.start());
beforeEach(() => world.reset());
afterAll(() => world.stop());

const form = { email: 'new@shop.example', givenName: 'Maria', locale: 'en', country: 'DE' };

function send(browser: Browser, body: unknown, headers: Record<string, string> = {}): Promise<Seen> {
  const own = { origin: world.origin, 'x-csrf': '1', 'content-type': 'application/json', ...headers };
  return browser.request(world.replica(0), '/auth/register', {
    method: 'POST',
    headers: own,
    body: JSON.stringify(body),
  });
}

describe('registering from our own page (FR-1)', () => {
  test('the link is on its way, and the browser keeps what makes the names hers', async () => {
    const browser = new Browser(world.origin);
    const before = world.mails.length;

    const taken = await send(browser, form);

    expect(taken.status).toBe(202);
    expect(JSON.parse(taken.text)).toEqual({ nextStep: 'VERIFY_EMAIL' });
    expect(world.mails).toHaveLength(before + 1);
    expect(browser.cookies.get('__Host-registration')).toMatch(/^[\w-]{43}$/);
    expect(browser.lines.at(-1)).toMatch(/HttpOnly; Secure; SameSite=Lax|HttpOnly/);
  });

  test('a known address gets the same answer, cookie included', async () => {
    const [first, second] = [new Browser(world.origin), new Browser(world.origin)];
    const email = `known.${randomUUID()}@shop.example`;

    const answers = [await send(first, { ...form, email }), await send(second, { ...form, email })];

    expect(answers[0]?.text).toBe(answers[1]?.text);
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect([...second.cookies.keys()]).toEqual([...first.cookies.keys()]);
  });

  test.each([
    ['no address', { ...form, email: undefined }],
    ['a bad address', { ...form, email: 'no' }],
    ['a password', { ...form, password: 'four random words walk' }],
    ['an unknown purpose', { ...form, consents: [{ purpose: 'anything' }] }],
    ['a bad country', { ...form, country: 'XX' }],
    ['no JSON object', 'text'],
  ])('a form with %s is refused and nothing is sent', async (_name, body) => {
    const browser = new Browser(world.origin);
    const before = world.mails.length;

    const refused = await send(browser, body);

    expect(refused.status).toBe(422);
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'VALIDATION' });
    expect(refused.text).not.toContain('four random');
    expect(world.mails).toHaveLength(before);
    expect(browser.cookies.size).toBe(0);
  });

  test('another site, or a form post, registers nobody', async () => {
    const browser = new Browser(world.origin);

    expect((await send(browser, form, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await send(browser, form, { 'x-csrf': '' })).status).toBe(403);
    expect((await send(browser, form, { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(422);
  });

  test('names are confirmed only by somebody who is signed in', async () => {
    const browser = new Browser(world.origin);

    expect((await browser.post(world.replica(0), '/auth/register/names')).status).toBe(401);
  });
});
