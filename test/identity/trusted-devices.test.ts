import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { openAdmin } from '../support/keycloak-admin.ts';
import { stepsOverService } from '../support/life-steps.ts';
import { hiddenOf, makePersonWithApp, type PersonWithApp } from '../support/second-factors.ts';
import { deviceCookie, laterIn, levelOf, TrustingVisits } from '../support/trusted-devices.ts';
import { Visitor } from '../support/visitor.ts';

const endpoints = inject('endpoints');
const steps = stepsOverService();
const visits = new TrustingVisits(steps.publicUrl, endpoints);
const soon = { timeout: 15_000 };

const withApp = async (): Promise<PersonWithApp> => makePersonWithApp(await openAdmin(endpoints));

interface Kept {
  readonly id: string;
  readonly type: string;
  readonly userLabel?: string;
}

const credentialsOf = async ({ subject }: PersonWithApp): Promise<Kept[]> =>
  (await steps.admin('GET', `/users/${subject}/credentials`)) as Kept[];
const devicesOf = async (person: PersonWithApp): Promise<Kept[]> =>
  (await credentialsOf(person)).filter(({ type }) => type === 'customer-trusted-device');

/** Writes to Keycloak's database, where no call of its API leads, and has Keycloak forget what it kept of it. */
async function behindKeycloak(text: string, ...values: unknown[]): Promise<void> {
  const url = inject('superuserUrl').replace(/\/[^/]*$/, '/keycloak');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text, values);
  await client.end();
  await steps.admin('POST', '/clear-user-cache');
}

describe('a device that is trusted for 30 days (issue 2, deliverable 2)', () => {
  test('asks for the password only, at level 1, and she is told of it', async () => {
    const person = await withApp();
    const visitor = await visits.trusting(person);
    expect(levelOf(visitor)).toBe('2');

    const later = laterIn(visitor);
    expect(await visits.isAsked(later, person)).toBe(false);

    expect(levelOf(later)).toBe('1');
    expect((await devicesOf(person)).map(({ userLabel }) => userLabel)).toEqual(['Firefox, Linux']);
    const told = async () => (await steps.mailsTo(person.email)).filter(({ text }) => text.includes('device that you'));
    await expect.poll(async () => (await told()).length, soon).toBe(1);
  });

  test('the question stands beside the code, and whoever leaves it is asked again', async () => {
    const person = await withApp();
    const visitor = new Visitor();
    const asked = await visits.givePassword(visitor, person);
    expect(asked.text).toContain('Trust this device for 30 days');

    await visitor.submit(asked, { otp: await visits.freshCode(person) });

    expect(visitor.cookies.has(deviceCookie)).toBe(false);
    expect(await visits.isAsked(laterIn(visitor), person)).toBe(true);
  });

  test('what the browser keeps is out of reach of scripts and of other sites', async () => {
    const person = await withApp();
    const visitor = new Visitor();
    const asked = await visits.givePassword(visitor, person);
    const action = /<form[^>]*action="([^"]+)"/.exec(asked.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const body = new URLSearchParams({ otp: await visits.freshCode(person), trustDevice: 'on' });

    const answer = await fetch(action, { method: 'POST', redirect: 'manual', headers: { cookie }, body });

    const line = answer.headers.getSetCookie().find((one) => one.startsWith(deviceCookie)) ?? '';
    expect(line).toMatch(/^\w+="?[\w-]{43}"?;/);
    expect(line).toContain(`Path=/realms/${endpoints.keycloak.realm}/`);
    for (const word of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Max-Age=2592000']) expect(line).toContain(word);
  });

  test('a step-up asks for the code all the same', async () => {
    const person = await withApp();
    const later = laterIn(await visits.trusting(person));
    expect(await visits.isAsked(later, person)).toBe(false);

    const asked = await visits.givePassword(later, person, '/auth/login?acr=2&returnTo=%2Fprofile');
    expect(asked.text).toContain('name="otp"');

    await later.submit(asked, { otp: await visits.freshCode(person) });
    expect(levelOf(later)).toBe('2');
  });

  test('a session on trust opens neither Keycloak’s console nor a change of the account', async () => {
    const person = await withApp();
    const later = laterIn(await visits.trusting(person));
    await visits.givePassword(later, person);
    const doors = [
      visits.authorization('account-console'),
      ...['UPDATE_PASSWORD', 'UPDATE_EMAIL', 'CONFIGURE_TOTP'].map((action) =>
        visits.authorization('customer-bff', { kc_action: action }),
      ),
      visits.authorization('customer-bff', { kc_action: 'UPDATE_PASSWORD', acr_values: '1' }),
    ];

    const opened: string[] = [];
    for (const door of doors) {
      const page = await later.open(door);
      const form = page.text.includes('name="password"') ? { password: person.password, username: person.email } : null;
      const asked = form && (await later.submit(page, form));
      if (!asked?.text.includes('name="otp"')) opened.push(door);
    }
    expect(opened).toEqual([]);
  });

  test('nobody signs in on trust to Keycloak’s console', async () => {
    const person = await withApp();
    const later = laterIn(await visits.trusting(person));

    const page = await later.open(visits.authorization('account-console'));
    const asked = await later.submit(page, { username: person.email, password: person.password });

    expect(asked.text).toContain('name="otp"');
    expect(asked.text).not.toContain('trustDevice');
  });

  test('a silent round makes no more of it, and a script with her password needs the code', async () => {
    const person = await withApp();
    const later = laterIn(await visits.trusting(person));
    await visits.givePassword(later, person);

    later.cookies.delete('__Host-refresh');
    await later.open(`${steps.publicUrl}/auth/login?silent=1&returnTo=%2Fprofile`);

    expect(levelOf(later)).toBe('1');
    expect(await steps.tokenOf(person.email, 'openid', person.password)).toBe('');
  });

  test('five at most: the sixth takes the place of the oldest', async () => {
    const person = await withApp();
    const first = await visits.trusting(person);
    // Four more, as other browsers would have made them.
    await behindKeycloak(
      `insert into credential (id, type, user_id, created_date, user_label, secret_data, credential_data, priority)
        select gen_random_uuid()::text, type, user_id, created_date + n, 'browser ' || n, '{"hash":"x"}', credential_data, priority + n
        from credential, generate_series(1, 4) n where user_id = $1 and type = 'customer-trusted-device'`,
      person.subject,
    );

    const sixth = await visits.trusting(person);

    expect(await devicesOf(person)).toHaveLength(5);
    expect(await visits.isAsked(laterIn(first), person)).toBe(true);
    expect(await visits.isAsked(laterIn(sixth), person)).toBe(false);
  });
});

describe('a device that is not trusted, or no more', () => {
  test('another browser, another customer’s device and made-up ones are asked', async () => {
    const [person, other] = [await withApp(), await withApp()];
    await visits.trusting(person);
    const others = laterIn(await visits.trusting(other));
    const [forged, empty] = [new Visitor(), new Visitor()];
    forged.cookies.set(deviceCookie, randomBytes(32).toString('base64url'));
    empty.cookies.set(deviceCookie, '');

    for (const visitor of [new Visitor(), others, forged, empty]) {
      expect(await visits.isAsked(visitor, person)).toBe(true);
    }
  });

  test('after 30 days she is asked, whatever the browser still keeps', async () => {
    const person = await withApp();
    const later = laterIn(await visits.trusting(person));
    const older = `update credential set created_date = created_date - $2::bigint
      where user_id = $1 and type = 'customer-trusted-device'`;
    await behindKeycloak(older, person.subject, 29 * 86_400_000);
    expect(await visits.isAsked(laterIn(later), person)).toBe(false);

    await behindKeycloak(older, person.subject, 86_400_000);

    expect(await visits.isAsked(laterIn(later), person)).toBe(true);
    expect(await devicesOf(person)).toEqual([]);
  });

  const changes: [string, (person: PersonWithApp) => Promise<unknown>][] = [
    [
      'she reset her password by mail',
      async (person) => {
        const visitor = new Visitor();
        const login = await visitor.open(`${steps.publicUrl}/auth/login`);
        await visitor.submit(await visitor.follow(login, 'reset-credentials'), { username: person.email });
        const [link = ''] = await steps.linksTo(person.email);
        const asked = await steps.openLink(link, visitor);
        expect(asked.text).not.toContain('trustDevice');
        const form = await visitor.submit(asked, { otp: await visits.freshCode(person) });
        await visitor.submit(form, { 'password-new': person.password, 'password-confirm': person.password });
      },
    ],
    [
      'her address was changed',
      async ({ subject, email }) => {
        const changed = `${randomUUID()}@example.org`;
        await steps.admin('PUT', `/users/${subject}`, { email: changed });
        expect((await steps.admin('GET', `/users/${subject}`)).email).not.toBe(email);
      },
    ],
    [
      'she has another factor',
      async (person) => {
        const visitor = await visits.signIn(person);
        const page = await visitor.open(`${steps.publicUrl}/auth/action/recovery-codes`);
        const names = ['generatedRecoveryAuthnCodes', 'generatedAt'];
        const form = Object.fromEntries(names.map((name) => [name, hiddenOf(page, name)]));
        const done = await visitor.submit(page, { ...form, userLabel: 'paper' });
        expect(new URL(done.url).search).toBe('?action=recovery-codes&status=success');
      },
    ],
    [
      'she took it off her list',
      async (person) => {
        const [device] = await devicesOf(person);
        const visitor = await visits.signIn(person);
        const confirm = await visitor.open(`${steps.publicUrl}/auth/action/remove?credential=${device?.id}`);
        const done = await visitor.submit(confirm, { accept: 'Yes' });
        expect(new URL(done.url).search).toBe('?action=remove&status=success');
        expect(await devicesOf(person)).toEqual([]);
      },
    ],
    [
      'she said “this was not me”',
      async (person) => {
        const { subject, email } = person;
        await visits.signIn(person, new Visitor('en', 'Chrome/140.0 (Windows)'));
        const noticed = async () =>
          (await steps.mailsTo(email)).flatMap(({ text }) => /https?:\/\/\S+\/l\/[\w-]{43}/.exec(text)?.[0] ?? []);
        await expect.poll(async () => (await noticed()).length, soon).toBeGreaterThan(0);
        await fetch((await noticed())[0] ?? '', { method: 'POST' });
        const actions = async () => (await steps.admin('GET', `/users/${subject}`)).requiredActions as string[];
        await expect.poll(actions, soon).toContain('UPDATE_PASSWORD');
        // As one who knows the old password would have it again.
        await steps.admin('PUT', `/users/${subject}/reset-password`, {
          type: 'password',
          value: 'quiet river stone lamp',
        });
      },
    ],
  ];

  test.each(changes)('not after %s', async (_what, change) => {
    const person = await withApp();
    const later = laterIn(await visits.trusting(person));
    expect(await visits.isAsked(laterIn(later), person)).toBe(false);

    await change(person);

    const { email = person.email } = (await steps.admin('GET', `/users/${person.subject}`)) as { email?: string };
    const passwords = [person.password, 'quiet river stone lamp'];
    const pages = [];
    for (const password of passwords)
      pages.push(await visits.givePassword(laterIn(later), { ...person, email, password }));
    expect(pages.some(({ text }) => text.includes('name="otp"'))).toBe(true);
    expect(pages.some(({ url }) => url.startsWith(steps.publicUrl))).toBe(false);
  });
});
