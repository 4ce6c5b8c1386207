import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { contactTasks } from '../../../src/features/contacts/contacts.jobs.ts';
import type { WantedText } from '../../../src/messaging/text-messages.ts';
import type { Mail } from '../../../src/platform/mail.ts';
import { type Browser, locationOf, type Replica, type Seen } from '../../support/browser.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
const texts: WantedText[] = [];
const textMessages = {
  send: (text: WantedText) => Promise.resolve(void texts.push(text)),
  verified: () => Promise.resolve(),
};
beforeAll(() => world.start());
beforeEach(async () => {
  await world.reset();
  texts.length = 0;
  world.provider.usual = '2';
});
afterAll(() => world.stop());

const page = '/account/contacts';
const number = '+4915112345678';

function replica(): Replica {
  const { routes, ctx } = world.replica(0);
  return { routes, ctx: (access) => Object.assign(ctx(access), { textMessages }) };
}
const look = (browser: Browser, path = page): Promise<Seen> => browser.get(replica(), path);
const wordsOf = ({ text }: Seen): string =>
  text
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
const fieldOf = ({ text }: Seen, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1] ?? '';
/** What stands beside a field. */
const wrongAt = ({ text }: Seen, id: string): string => new RegExp(`id="${id}-error">([^<]*)`).exec(text)?.[1] ?? '';

/** As a browser without a script sends a form of the page. */
async function press(browser: Browser, fields: Record<string, string>, token?: string): Promise<Seen> {
  const shown = await look(browser);
  const body = { 'form-token': token ?? fieldOf(shown, 'form-token'), key: fieldOf(shown, 'key'), ...fields };
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html', origin: 'null' };
  return browser.request(replica(), page, { method: 'POST', headers, body: String(new URLSearchParams(body)) });
}

async function runJobs(): Promise<Mail[]> {
  const mails: Mail[] = [];
  const send = (mail: Mail) => Promise.resolve(void mails.push(mail));
  const tasks = contactTasks(world.parts, { send, close: () => undefined });
  for (const job of world.enqueued.splice(0)) {
    const [name = '', key = ''] = job.split(' ');
    await tasks.find((task) => task.name === name)?.run(key);
  }
  return mails;
}

const codeSent = (): string => /^\d{6}/.exec(texts.at(-1)?.body ?? '')?.[0] ?? '';

describe('the page of her contacts, without a script (decision 14)', () => {
  test('another address waits, is shown as waiting, and gets its link; the present one is told', async () => {
    const browser = await world.signedIn();

    const done = await press(browser, { do: 'email', value: 'maria@new.example' });

    expect(locationOf(done)).toBe(`${page}?said=email`);
    const shown = wordsOf(await look(browser, locationOf(done)));
    expect(shown).toContain('A mail with a link is on its way.');
    expect(shown).toMatch(/Waits for the link that we mailed to it: maria@new\.example/);
    expect((await runJobs()).map(({ to }) => to)).toEqual(['maria@new.example', world.user.email]);
  });

  test('what is wrong stands beside its field, with what she typed', async () => {
    const browser = await world.signedIn();

    const email = await press(browser, { do: 'email', value: 'not "an" address' });
    const phone = await press(browser, { do: 'phone', value: '0151 12' });
    const empty = await press(browser, { do: 'phone', value: ' ' });

    expect([email.status, phone.status, empty.status]).toEqual([422, 422, 422]);
    expect(wrongAt(email, 'new-email')).toContain('This is not an e-mail address');
    expect(email.text).toContain('value="not &quot;an&quot; address"');
    expect(wrongAt(phone, 'new-phone')).toContain('not a telephone number');
    expect([wrongAt(email, 'new-phone'), wrongAt(phone, 'new-email')]).toEqual(['', '']);
  });

  test('a number is added with its code, changed to nothing, and gone at Keycloak; she is told with a way back', async () => {
    const browser = await world.signedIn();
    await press(browser, { do: 'phone', value: '+49 1511 2345678' });
    const wrong = await press(browser, { do: 'code', code: codeSent() === '111111' ? '222222' : '111111' });
    expect([wrong.status, wrongAt(wrong, 'code')]).toEqual([422, 'This is not the code.']);

    expect(locationOf(await press(browser, { do: 'code', code: codeSent() }))).toBe(`${page}?said=confirmed`);
    expect(wordsOf(await look(browser))).toContain('+49 1511 2345678 (confirmed)');
    expect(world.user.attributes['phoneNumber']).toEqual([number]);
    world.enqueued.length = 0;

    expect(locationOf(await press(browser, { do: 'remove-phone' }))).toBe(`${page}?said=removed`);

    expect(wordsOf(await look(browser))).toMatch(/Telephone number none/);
    expect(world.user.attributes).not.toHaveProperty('phoneNumber');
    expect((await runJobs()).map(({ subject }) => subject)).toContain('Your telephone number was changed');
  });

  test('another code is sent on demand, not too soon', async () => {
    const browser = await world.signedIn();
    await press(browser, { do: 'phone', value: number });

    expect((await press(browser, { do: 'resend-phone' })).status).toBe(429);
    world.advance(61);
    const again = await press(browser, { do: 'resend-phone' });

    expect([locationOf(again), texts.length]).toEqual([`${page}?said=phone`, 2]);
  });

  test('without a fresh proof there is no field, but the way to give one, and nothing is changed', async () => {
    const browser = await world.signedIn();
    const token = fieldOf(await look(browser), 'form-token');
    world.advance(310);

    const shown = await look(browser);
    const done = await press(browser, { do: 'email', value: 'maria@new.example', key: randomUUID() }, token);

    expect(shown.text).not.toContain('id="new-email"');
    const proof = `/auth/login?acr=2&returnTo=${encodeURIComponent(page)}`;
    expect(shown.text).toContain(proof.replace('&', '&amp;'));
    expect(locationOf(done)).toBe(`${world.origin}${proof}`);
    expect(world.enqueued.filter((job) => job.startsWith('contacts.'))).toEqual([]);
  });

  test('speaks her language', async () => {
    await world.rows('update customer set locale = $2 where id = $1', world.customerId, 'de');
    const browser = await world.signedIn();

    const refused = await press(browser, { do: 'email', value: 'x' });

    expect(refused.headers.get('content-language')).toBe('de');
    expect(wrongAt(refused, 'new-email')).toContain('Das ist keine E-Mail-Adresse');
  });

  test('a form without the token of her session is refused, and a stranger is sent to sign in', async () => {
    const browser = await world.signedIn();

    expect((await press(browser, { do: 'email', value: 'maria@new.example' }, 'x'.repeat(43))).status).toBe(403);
    expect(world.enqueued.filter((job) => job.startsWith('contacts.'))).toEqual([]);
    browser.cookies.clear();
    expect(locationOf(await look(browser))).toBe(`/auth/login?returnTo=${encodeURIComponent(page)}`);
  });

  test('/auth/action/email leads there, after a fresh proof', async () => {
    expect(locationOf(await look(await world.signedIn(), '/auth/action/email'))).toBe(page);
    world.provider.proofAge = 600;
    world.provider.browserSid = undefined;

    const asked = locationOf(await look(await world.signedIn(), '/auth/action/email'));

    expect(asked).toBe(`${world.origin}/auth/login?acr=2&returnTo=${encodeURIComponent(page)}`);
  });
});
