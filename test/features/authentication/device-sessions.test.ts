import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ctx } from '../../../src/context.ts';
import { deviceOf, deviceText } from '../../../src/domain/device.ts';
import { authenticationTasks } from '../../../src/features/authentication/authentication.jobs.ts';
import { revokeSessions } from '../../../src/features/authentication/session-ending.ts';
import type { MailSender } from '../../../src/platform/mail.ts';
import type { Browser } from '../../support/browser.ts';
import { staff } from '../../support/graph-world.ts';
import { SessionWorld } from '../../support/session-world.ts';

const world = new SessionWorld();
beforeAll(() => world.start());
beforeEach(() => world.reset());
afterAll(() => world.stop());

const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0';
const safari =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const germany = '91.0.0.1';
const list = '{ me { sessions { id current userAgent country startedAt lastSeenAt } } }';
const revoke = `mutation ($ids: [ID!], $others: Boolean, $who: ID, $why: String) {
  result: revokeSessions(ids: $ids, allOthers: $others, customerId: $who, reason: $why) {
    __typename ... on SessionsRevoked { count } ... on StepUpRequiredError { acr authUrl } } }`;

/** Another browser of hers, with a session of its own at the provider. */
async function elsewhere(userAgent = safari): Promise<Browser> {
  Object.assign(world.from, { userAgent });
  world.provider.browserSid = undefined;
  return world.signedIn();
}

const isOver = async (browser: Browser, n = 1): Promise<boolean> =>
  (await browser.post(world.replica(n), '/auth/refresh')).status === 401;
const sessionsOf = async (browser: Browser): Promise<Record<string, any>[]> =>
  (await world.ask(browser, list)).data?.['me'].sessions as Record<string, any>[];
const idsOf = async (browser: Browser, current: boolean): Promise<string[]> =>
  (await sessionsOf(browser)).filter((one) => one['current'] === current).map(({ id }) => String(id));
const end = async (browser: Browser, variables: object): Promise<Record<string, any>> =>
  (await world.ask(browser, revoke, { ...variables })).data?.['result'] as Record<string, any>;
const audited = () =>
  world.rows<{ action: string; by: string; reason: string | null }>(
    `select action, actor_type as by, reason from audit_entry where customer_id = $1 and action = 'SESSIONS_ENDED'`,
    world.customerId,
  );

/** Staff who may end sessions of others, now or long after they proved who they are. */
function staffCtx(age = 0): Ctx {
  const ctx = world.replica(0).ctx(undefined);
  const actor = { ...staff('customer:read', 'customer:write'), authTime: Date.now() / 1000 - age };
  const transact: Ctx['transact'] = (work, reason) =>
    ctx.transactAs({ actor, requestId: 'request', ...(reason === undefined ? {} : { reason }) }, work);
  return { ...ctx, actor, transact };
}

describe('where she is signed in (FR-2)', () => {
  test('each session has its device, its country and its times, the latest first, the current one marked', async () => {
    Object.assign(world.from, { userAgent: firefox, ip: germany });
    const first = await world.signedIn();
    world.advance(60);
    const phone = await elsewhere();

    const seen = await sessionsOf(phone);

    expect(seen).toMatchObject([
      { current: true, userAgent: 'Safari, iOS', country: 'DE' },
      { current: false, userAgent: 'Firefox, Windows', country: 'DE' },
    ]);
    expect((await sessionsOf(first)).map(({ current }) => current as boolean)).toEqual([false, true]);
    world.advance(60);
    await first.post(world.replica(0), '/auth/refresh');
    const [latest] = await sessionsOf(phone);
    expect(latest?.['userAgent']).toBe('Firefox, Windows');
    expect(Date.parse(latest?.['lastSeenAt']) - Date.parse(latest?.['startedAt'])).toBeGreaterThanOrEqual(120_000);
  });

  test('neither the browser’s own text nor the address is stored', async () => {
    Object.assign(world.from, { userAgent: firefox, ip: germany });
    await world.signedIn();

    const rows = await world.rows('select s::text as row from session_token s');
    const devices = await world.rows('select d::text as row from known_device d');

    for (const secret of [germany, 'Mozilla', 'rv:141', 'Gecko'])
      expect(JSON.stringify([rows, devices])).not.toContain(secret);
  });

  test('one that was left alone too long, or has ended, is not in the list', async () => {
    await world.signedIn();
    world.advance(3000);
    const browser = await elsewhere();
    const third = await elsewhere();
    await third.post(world.replica(0), '/auth/logout');
    expect(await sessionsOf(browser)).toHaveLength(2);
    world.advance(700);

    expect(await sessionsOf(browser)).toHaveLength(1);
  });

  test('a silent round goes on with the session she had', async () => {
    const browser = await world.signedIn();
    const [before] = await sessionsOf(browser);
    world.advance(300);

    await world.signIn(browser, '/auth/login?silent=1&returnTo=/profile');

    expect(await sessionsOf(browser)).toMatchObject([{ current: true, startedAt: before?.['startedAt'] }]);
  });
});

describe('what is kept of a device', () => {
  test.each([
    [firefox, 'Firefox, Windows'],
    [safari, 'Safari, iOS'],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
      'Chrome, Linux',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0',
      'Edge, Windows',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36',
      'Samsung Internet, Android',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
      'Safari, macOS',
    ],
    ['curl/8.5.0', null],
    ['', null],
  ])('%s is %s', (userAgent, words) => {
    expect(deviceText(deviceOf(userAgent, undefined))).toBe(words);
  });
});

describe('ending sessions (FR-2, contracts: access)', () => {
  beforeEach(() => void (world.provider.usual = '2'));

  test('one of them ends, on every replica, here and at Keycloak, and stands in the audit', async () => {
    const phone = await world.signedIn();
    const phoneSid = world.sid;
    const browser = await elsewhere(firefox);

    expect(await end(browser, { ids: await idsOf(browser, false) })).toEqual({
      __typename: 'SessionsRevoked',
      count: 1,
    });

    expect([await isOver(phone), await isOver(browser)]).toEqual([true, false]);
    expect(await world.revoked()).toEqual([phoneSid]);
    expect(world.enqueued).toContain(`authentication.end-at-provider ${phoneSid}`);
    expect(await audited()).toEqual([{ action: 'SESSIONS_ENDED', by: 'customer', reason: null }]);
    expect(await world.facts('CustomerUpdated')).toEqual([]);
  });

  test('all others end, and the one she asks by goes on', async () => {
    const others = [await world.signedIn(), await elsewhere(firefox)];
    const browser = await elsewhere();

    expect(await end(browser, { others: true })).toMatchObject({ count: 2 });

    expect(await Promise.all(others.map((other) => isOver(other)))).toEqual([true, true]);
    expect(await isOver(browser)).toBe(false);
    expect(await world.revoked()).not.toContain(world.sid);
  });

  test('all others at Keycloak are those that no browser of ours holds as well, but no later ones', async () => {
    const browser = await world.signedIn();
    const now = Date.now();
    world.user.sessions = [
      { id: 'console', start: now - 60_000 },
      { id: world.sid, start: now - 60_000 },
      { id: 'later', start: now + 60_000 },
    ];
    await end(browser, { others: true });
    const [name = '', ...key] = (world.enqueued.find((job) => job.includes('end-others')) ?? '').split(' ');
    const task = authenticationTasks(world.parts, {} as MailSender).find((one) => one.name === name);

    await task?.run(key.join(' '));

    expect(world.keycloak.endedSessions).toContain('console');
    expect(world.keycloak.endedSessions).not.toContain(world.sid);
    expect(world.keycloak.endedSessions).not.toContain('later');
  });

  test('when she says nothing more, all end, and every token that was given out so far', async () => {
    const browser = await world.signedIn();

    expect(await end(browser, {})).toMatchObject({ count: 1 });

    expect(await isOver(browser)).toBe(true);
    const rows = await world.rows('select subject from revocation where subject is not null');
    expect(rows).toEqual([{ subject: world.provider.user.sub }]);
  });

  test('her own current session ends without a step-up, another one only after it', async () => {
    world.provider.proofAge = 600;
    await world.signedIn();
    const browser = await elsewhere(firefox);

    const asked = await end(browser, { ids: await idsOf(browser, false) });

    expect(asked).toMatchObject({ __typename: 'StepUpRequiredError', acr: '2' });
    expect(asked['authUrl']).toContain('/auth/login?acr=2&returnTo=%2Faccount%2Fsessions');
    expect(await sessionsOf(browser)).toHaveLength(2);
    expect(await end(browser, { ids: await idsOf(browser, true) })).toMatchObject({ count: 1 });
  });

  test('after the step-up the same call succeeds', async () => {
    Object.assign(world.provider, { proofAge: 600, strongest: '2' });
    const phone = await world.signedIn();
    const browser = await elsewhere(firefox);
    const asked = await end(browser, { others: true });

    const back = await world.signIn(browser, String(asked['authUrl']).replace('http://localhost:4000', ''));

    expect(back.headers.get('location')).toBe('/account/sessions');
    expect(await end(browser, { others: true })).toMatchObject({ count: 1 });
    expect(await isOver(phone)).toBe(true);
  });

  test('who has a second factor is asked for it', async () => {
    world.hasCredentials('password', 'otp');
    world.provider.usual = '1';
    const browser = await world.signedIn();

    expect(await end(browser, { others: true })).toMatchObject({ acr: '2' });
    Object.assign(world.provider, { strongest: '2' });
    await world.signIn(browser, '/auth/login?acr=2');
    expect(await end(browser, { others: true })).toMatchObject({ __typename: 'SessionsRevoked' });
  });

  test('a session of somebody else, or none at all, is as if it did not exist', async () => {
    const strangers = await world.signedIn();
    const [theirs = ''] = await idsOf(strangers, true);
    await world.reset();
    world.provider.usual = '2';
    const browser = await elsewhere(firefox);

    for (const id of [theirs, randomUUID(), 'x']) {
      expect(await end(browser, { ids: [id] })).toEqual({ __typename: 'NotFoundError' });
    }

    expect(await isOver(strangers)).toBe(false);
    expect(await audited()).toEqual([]);
  });

  test('another customer’s id is as if it did not exist, and her own is herself', async () => {
    const browser = await world.signedIn();

    expect(await end(browser, { others: true, who: randomUUID(), why: 'x' })).toEqual({ __typename: 'NotFoundError' });
    expect(await end(browser, { others: true, who: world.customerId })).toMatchObject({ count: 0 });
  });

  test('staff end them with a reason, freshly proven, and the audit says so', async () => {
    const browser = await world.signedIn();
    const wanted = { customerId: world.customerId, reason: 'she called: her phone was stolen' };

    await expect(revokeSessions(staffCtx(), { ...wanted, reason: ' ' })).rejects.toMatchObject({ code: 'VALIDATION' });
    await expect(revokeSessions(staffCtx(600), wanted)).rejects.toMatchObject({ code: 'STEP_UP_REQUIRED', acr: '2' });
    expect(await isOver(browser)).toBe(false);
    expect(await revokeSessions(staffCtx(), wanted)).toEqual({ count: 1 });

    expect(await isOver(browser)).toBe(true);
    expect(await audited()).toEqual([{ action: 'SESSIONS_ENDED', by: 'staff', reason: wanted.reason }]);
    expect(await world.rows(`select end_reason from session_token where customer_id = $1`, world.customerId)).toEqual([
      { end_reason: 'STAFF' },
    ]);
  });
});
