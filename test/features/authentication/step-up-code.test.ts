import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authenticationTasks } from '../../../src/features/authentication/authentication.jobs.ts';
import { proveByCode } from '../../../src/features/authentication/email-proof.ts';
import type { Mail } from '../../../src/platform/mail.ts';
import { mustBeSteppedUp } from '../../../src/read-model/step-up.ts';
import { type Browser, locationOf, type Seen } from '../../support/browser.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
beforeAll(() => world.start());
beforeEach(async () => {
  await world.reset();
  world.hasCredentials();
});
afterAll(() => world.stop());

const page = '/auth/step-up?returnTo=%2Fprofile';
const link = '/auth/login?acr=2&returnTo=%2Fprofile';

const tokenOn = ({ text }: Seen): string => /name="form-token" value="([\w-]+)"/.exec(text)?.[1] ?? '';

/** As a browser without a script sends a form of ours. */
function send(browser: Browser, fields: Record<string, string>, headers: Record<string, string> = {}, n = 0) {
  const type = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html', origin: 'null' };
  const init = { method: 'POST', headers: { ...type, ...headers }, body: String(new URLSearchParams(fields)) };
  return browser.request(world.replica(n), '/auth/step-up', init);
}

async function form(browser: Browser, fields: Record<string, string>, n = 0): Promise<Seen> {
  const token = tokenOn(await browser.get(world.replica(n), page));
  return send(browser, { 'form-token': token, returnTo: '/profile', ...fields }, {}, n);
}

/** Lets the mails out that wait, and gives the newest code. */
async function mailedCode(): Promise<string> {
  const mails: Mail[] = [];
  const tasks = authenticationTasks(world.parts, {
    send: (mail) => Promise.resolve(void mails.push(mail)),
    close: () => undefined,
  });
  for (const job of world.enqueued.splice(0)) {
    const [name = '', key = ''] = job.split(' ');
    if (name.endsWith('step-up-code')) await tasks.find((task) => task.name === name)?.run(key);
  }
  expect(mails.every(({ to }) => to === world.user.email)).toBe(true);
  return /: (\d{6})/.exec(mails.at(-1)?.text ?? '')?.[1] ?? '';
}

async function asked(): Promise<{ browser: Browser; code: string }> {
  const browser = await world.signedIn();
  await form(browser, { do: 'send' });
  return { browser, code: await mailedCode() };
}

const otherThan = (code: string): string => (code === '000000' ? '000001' : '000000');

describe('whoever has neither password nor factor proves herself by a code to her address (contracts: access)', () => {
  test('what was refused sends her to our page, and succeeds when she comes back from it', async () => {
    const browser = await world.signedIn();
    const call = () => mustBeSteppedUp(world.replica(0).ctx(browser.cookies.get('__Host-access')), '/profile');
    await expect(call()).rejects.toMatchObject({ code: 'STEP_UP_REQUIRED', authUrl: `${world.origin}${link}` });

    const here = locationOf(await browser.get(world.replica(0), link));
    const sent = await form(browser, { do: 'send' });
    const done = await form(browser, { do: 'prove', code: await mailedCode() });

    expect([here, locationOf(sent), locationOf(done)]).toEqual([page, page, '/profile']);
    await call();
    world.advance(310);
    expect(await world.isSteppedUp(browser)).toBe(false);
  });

  test('so does a sign-in with her provider that ended without any proof', async () => {
    world.hasCredentials('password');
    const browser = await world.signedIn();
    const begun = await browser.get(world.replica(0), link);
    world.hasCredentials();

    const back = await fetch(locationOf(begun), { redirect: 'manual' });
    const { pathname, search } = new URL(locationOf(back));

    expect(locationOf(await browser.get(world.replica(0), `${pathname}${search}`))).toBe(page);
  });

  test('a wrong code is told beside the field; five of them, and the right one counts no longer', async () => {
    const { browser, code } = await asked();

    const tries = [];
    for (let n = 0; n < 5; n += 1) tries.push(await form(browser, { do: 'prove', code: otherThan(code) }));
    const late = await form(browser, { do: 'prove', code });

    expect(tries.map(({ status }) => status)).toEqual([422, 422, 422, 422, 422]);
    expect(tries[0]?.text).toMatch(/id="code-error">This is not the code/);
    expect(late.text).toMatch(/id="code-error">This code counts no longer/);
    expect(await world.isSteppedUp(browser)).toBe(false);
  });

  test('a code counts for ten minutes', async () => {
    const { browser, code } = await asked();
    world.advance(610);

    await form(browser, { do: 'prove', code });

    expect(await world.isSteppedUp(browser)).toBe(false);
  });

  test('a code counts once', async () => {
    const { browser, code } = await asked();
    await form(browser, { do: 'prove', code });
    world.advance(310);

    expect((await form(browser, { do: 'prove', code })).status).toBe(422);
    expect(await world.isSteppedUp(browser)).toBe(false);
  });

  test('of two at once, on two replicas, one is first', async () => {
    const { browser, code } = await asked();

    const access = browser.cookies.get('__Host-access');
    const outcomes = await Promise.all([0, 1, 0, 1].map((n) => proveByCode(world.replica(n).ctx(access), code)));

    expect(outcomes.filter((one) => one === 'right')).toHaveLength(1);
  });

  test('the code of another browser is none, even her own', async () => {
    const { code } = await asked();
    world.provider.browserSid = undefined;
    const other = await world.signedIn();
    await form(other, { do: 'send' });
    await mailedCode();

    expect((await form(other, { do: 'prove', code })).status).toBe(422);
    expect(await world.isSteppedUp(other)).toBe(false);
  });

  test('another code has to wait a minute, voids the one before, and there are five an hour', async () => {
    const { browser, code } = await asked();
    expect((await form(browser, { do: 'send' })).status).toBe(429);
    world.advance(61);
    expect((await form(browser, { do: 'send' })).status).toBe(303);
    const second = await mailedCode();

    const old = await form(browser, { do: 'prove', code: code === second ? otherThan(code) : code });
    expect(old.status).toBe(422);
    const statuses = [];
    for (let n = 0; n < 3; n += 1) {
      world.advance(61);
      statuses.push((await form(browser, { do: 'send' })).status);
    }
    expect(statuses).toEqual([303, 303, 429]);
  });

  test.each([['password'], ['otp'], ['webauthn-passwordless']])('whoever has a %s uses that', async (kind) => {
    const { browser, code } = await asked();
    const token = tokenOn(await browser.get(world.replica(0), page));
    world.hasCredentials(kind);

    expect(locationOf(await browser.get(world.replica(0), page))).toBe(`${world.origin}${link}`);
    for (const fields of [{ do: 'send' }, { do: 'prove', code }])
      expect((await send(browser, { 'form-token': token, ...fields })).status).toBe(403);
    expect(await world.isSteppedUp(browser)).toBe(false);
  });

  test('while Keycloak cannot be asked nobody is proven', async () => {
    const { browser, code } = await asked();
    const token = tokenOn(await browser.get(world.replica(0), page));
    world.keycloakIsAway();

    expect((await send(browser, { 'form-token': token, do: 'prove', code })).status).toBe(503);
    world.keycloak.mode = 'up';
    expect(await world.isSteppedUp(browser)).toBe(false);
  });

  test('an address that is not proven gets no code', async () => {
    const browser = await world.signedIn();
    const unproven = [world.customerId, 'PENDING_VERIFICATION'];
    await world.rows('update customer set email_verified = false, status = $2 where id = $1', ...unproven);

    const shown = await browser.get(world.replica(0), page);

    expect([shown.status, shown.text.includes('<form class="card"')]).toEqual([403, false]);
  });

  test('a form of another page is refused: it has not her token', async () => {
    const { browser, code } = await asked();
    const token = tokenOn(await browser.get(world.replica(0), page));
    world.provider.browserSid = undefined;
    const foreign = tokenOn(await (await world.signedIn()).get(world.replica(0), page));

    for (const [given, headers] of [
      ['', {}],
      [foreign, {}],
      [token, { origin: 'https://evil.example' }],
      [token, { 'sec-fetch-site': 'cross-site' }],
    ] as const)
      expect((await send(browser, { 'form-token': given, do: 'prove', code }, headers)).status).toBe(403);
    expect(await world.isSteppedUp(browser)).toBe(false);
  });

  test('whoever is not signed in is sent to do that, and nobody leads her away from us', async () => {
    const { browser, code } = await asked();
    const done = await form(browser, { do: 'prove', code, returnTo: 'https://evil.example/' });
    browser.cookies.clear();

    expect(locationOf(done)).toBe('/');
    expect(locationOf(await browser.get(world.replica(0), page))).toBe('/auth/login?returnTo=%2Fprofile');
    expect(locationOf(await send(browser, { do: 'send' }))).toBe('/auth/login?returnTo=%2F');
  });
});
