import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authenticationTasks } from '../../../src/features/authentication/authentication.jobs.ts';
import type { Mail, MailSender } from '../../../src/platform/mail.ts';
import { Browser } from '../../support/browser.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
beforeAll(() => world.start());
beforeEach(() => world.reset());
afterAll(() => world.stop());

const germany = '91.0.0.1';
const windows = 'Mozilla/5.0 (Windows NT 10.0; rv:141.0) Gecko/20100101 Firefox/141.0';
const linux = 'Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0';

/** A sign-in of a browser that the provider does not know yet. */
async function signedInWith(userAgent: string, ip = germany): Promise<Browser> {
  Object.assign(world.from, { userAgent, ip });
  world.provider.browserSid = undefined;
  return world.signedIn();
}

/** Does what was put aside so far, once, and returns the mails. */
async function work(): Promise<Mail[]> {
  const mails: Mail[] = [];
  const sender: MailSender = { send: async (mail) => void mails.push(mail), close: () => undefined };
  const tasks = authenticationTasks(world.parts, sender);
  for (const job of world.enqueued.splice(0)) {
    const [name, ...key] = job.split(' ');
    await tasks.find((task) => task.name === name)?.run(key.join(' '));
  }
  return mails;
}

const linkIn = (mail: Mail | undefined): string =>
  /http:\/\/localhost:4000(\/l\/[\w-]{43})/.exec(mail?.text ?? '')?.[1] ?? '';
const nobody = () => new Browser(world.origin);
/** As a form without a script: no header of ours, no origin, no cookie. */
const press = (path: string) => nobody().request(world.replica(1), path, { method: 'POST' });
const isOver = async (browser: Browser): Promise<boolean> =>
  (await browser.post(world.replica(1), '/auth/refresh')).status === 401;
const audited = async (): Promise<string[]> =>
  (
    await world.rows<{ action: string }>(
      `select action from audit_entry where customer_id = $1 and action not in ('REGISTERED', 'SIGNED_IN', 'PROVIDER_READ') order by sequence`,
      world.customerId,
    )
  ).map(({ action }) => action);
const speaks = (locale: string) =>
  world.rows('update customer set locale = $2 where id = $1', world.customerId, locale);

/** The link of a notice of a sign-in with a new device. */
async function disowned(): Promise<{ hers: Browser; thiefs: Browser; link: string }> {
  const hers = await signedInWith(windows);
  const thiefs = await signedInWith(linux);
  const [mail] = await work();
  return { hers, thiefs, link: linkIn(mail) };
}

describe('a sign-in with a new device is told (FR-2)', () => {
  test('not the first one at all, nor a device that is known, but every other', async () => {
    await signedInWith(windows);
    await signedInWith(windows);
    expect(await work()).toEqual([]);

    await signedInWith(linux);
    await signedInWith(linux);
    await signedInWith(windows, '8.8.8.8');

    const mails = await work();
    expect(mails.map(({ text }) => /(Firefox, .*)\n(.*)/.exec(text)?.slice(1))).toEqual([
      ['Firefox, Linux', 'Country: Germany'],
      ['Firefox, Windows', 'Country: United States'],
    ]);
    expect((await world.facts('CustomerLoggedIn')).map(({ newDevice }) => newDevice)).toEqual([
      false,
      false,
      true,
      false,
      true,
    ]);
    expect(world.counted).toEqual(Array.from({ length: 5 }, () => 'signed in'));
  });

  test('by a mail to her proven address, in her language, that says when, with what and where', async () => {
    await speaks('de-AT');
    await signedInWith(windows);
    await signedInWith(linux);

    const [mail, ...more] = await work();

    expect(more).toEqual([]);
    expect(mail?.to).toBe(world.user.email);
    expect(mail?.subject).toBe('Neue Anmeldung an Ihrem Konto');
    expect(mail?.text).toMatch(
      /Wann: \d+\. \S+ 20\d\d um \d\d:\d\d UTC\nBrowser und System: Firefox, Linux\nLand: Deutschland/,
    );
    expect(mail?.html).toContain(`href="http://localhost:4000${linkIn(mail)}"`);
    expect(linkIn(mail)).not.toBe('');
  });

  test('an unproven address is told nothing', async () => {
    await signedInWith(windows);
    await signedInWith(linux);
    await world.rows(
      `update customer set email_verified = false, status = 'PENDING_VERIFICATION' where id = $1`,
      world.customerId,
    );

    expect(await work()).toEqual([]);
  });
});

describe('“this was not me” (decision 0045)', () => {
  test('looking at the link ends nothing', async () => {
    const { hers, link } = await disowned();

    const page = await nobody().get(world.replica(0), link);

    expect([page.status, page.text.includes('Was this not you?')]).toEqual([200, true]);
    expect(page.text).toContain('<button type="submit">This was not me</button>');
    expect(await isOver(hers)).toBe(false);
    expect(world.counted).not.toContain('takeover_report');
  });

  test('its button ends all sessions at once, on every replica, and leads to a new password', async () => {
    const { hers, thiefs, link } = await disowned();

    const done = await press(link);

    expect(done.status).toBe(200);
    const reset = /href="([^"]*reset-credentials[^"]*)"/.exec(done.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect(new URL(reset).origin).toBe(new URL(world.provider.issuer).origin);
    expect(new URL(reset).searchParams.get('client_id')).toBe(world.provider.clientId);
    expect([await isOver(hers), await isOver(thiefs)]).toEqual([true, true]);
    expect(await world.rows('select subject from revocation where subject is not null')).toEqual([
      { subject: world.provider.user.sub },
    ]);
    expect(await audited()).toEqual(['TAKEOVER_REPORTED']);
    expect(world.counted.filter((what) => what !== 'signed in')).toEqual(['takeover_report']);
    expect((await press(link)).status).toBe(404);
  });

  test('at Keycloak her sessions end, her password goes, and she is asked for a new one; she is told', async () => {
    const { link } = await disowned();
    const now = Date.now();
    world.user.sessions = [
      { id: 'thief', start: now - 60_000 },
      { id: 'afterwards', start: now + 60_000 },
    ];
    world.user.credentials?.push({ id: 'factor', type: 'otp', createdDate: 0 });
    await press(link);

    const [confirmation, ...more] = await work();

    expect(world.user.credentials).toEqual([{ id: 'factor', type: 'otp', createdDate: 0 }]);
    expect(world.user.requiredActions).toEqual(['UPDATE_PASSWORD']);
    expect(world.keycloak.endedSessions).toContain('thief');
    expect(world.keycloak.endedSessions).not.toContain('afterwards');
    expect([confirmation?.to, confirmation?.subject]).toEqual([
      world.user.email,
      'Your account is locked against others',
    ]);
    expect(confirmation?.text).toContain('reset-credentials');
    expect(more).toEqual([]);
  });

  test('a job that comes late leaves the password that she chose since', async () => {
    const { link } = await disowned();
    await press(link);
    const chosen = [{ id: 'new', type: 'password', createdDate: Date.now() + 1000 }];
    world.user.credentials = chosen;

    await work();

    expect(world.user.credentials).toEqual(chosen);
    expect(world.user.requiredActions).toEqual([]);
  });

  test('once her address has changed the password stays, since a reset would lead to the new one', async () => {
    const { link } = await disowned();
    const later = new Date(Date.now() + 1000);
    await world.takeEmail('thief@shop.example', later);

    await press(link);
    await work();

    expect(world.user.credentials?.map(({ type }) => type)).toEqual(['password']);
    expect(world.user.requiredActions).toEqual(['UPDATE_PASSWORD']);
  });

  test('afterwards every device is new to her, also the first', async () => {
    const { link } = await disowned();
    await press(link);
    await work();

    await signedInWith(linux);

    expect((await work()).map(({ subject }) => subject)).toEqual(['A new sign-in to your account']);
  });

  test('nothing of the link is in a log', async () => {
    const { link } = await disowned();
    await nobody().get(world.replica(0), link);
    await press(link);
    await press(link);
    await work();

    expect(world.logged.join('')).toContain('a takeover was reported');
    expect(world.logged.join('')).not.toContain(link.slice(3));
  });

  test('after seven days the link is over', async () => {
    const { hers, link } = await disowned();
    world.advance(7 * 86_400 + 1);

    expect((await press(link)).status).toBe(404);
    expect(await audited()).toEqual([]);
    expect(hers.cookies.size).toBeGreaterThan(0);
  });
});

describe('a copy of a session (decision 6)', () => {
  /** An older handle is used, by two at once, long after. */
  async function stolen(): Promise<void> {
    const browser = await signedInWith(windows);
    const thief = browser.copy();
    await browser.post(world.replica(0), '/auth/refresh');
    world.advance(31);
    const [again, also] = [thief.copy(), thief.copy()];
    const answers = await Promise.all([
      again.post(world.replica(0), '/auth/refresh'),
      also.post(world.replica(1), '/auth/refresh'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    expect(await isOver(browser)).toBe(true);
  }

  test('that is used counts once, stands in the audit, and is told to her with the way to report it', async () => {
    await stolen();

    const mails = await work();

    expect(world.counted).toEqual(['signed in', 'refresh_reuse']);
    expect(await audited()).toEqual(['SESSION_STOLEN']);
    expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
      [world.user.email, 'We have ended a session of yours'],
    ]);
    expect(mails[0]?.text).toContain('Firefox, Windows');
    expect((await press(linkIn(mails[0]))).status).toBe(200);
  });
});
