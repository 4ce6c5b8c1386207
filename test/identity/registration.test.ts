import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openAdmin } from '../support/keycloak-admin.ts';
import { type RunningService, startService } from '../support/running-service.ts';

const endpoints = inject('endpoints');
const { keycloak, clients, mail } = endpoints;
const environment = inject('environment');
const graphql = `http://127.0.0.1:${environment['PORT']}/graphql`;
const password = 'quiet river stone lamp';
let service: RunningService;
let pool: pg.Pool;
beforeAll(async () => {
  service = await startService({ ...environment, REGISTRATION_TIME_MS: '0', REGISTRATIONS_PER_HOUR: '1000' });
  pool = new pg.Pool({ connectionString: environment['DATABASE_URL'] ?? '', max: 2 });
});
afterAll(async () => {
  await pool.end();
  await service[Symbol.asyncDispose]();
});

async function ask(query: string, variables: object, token?: string): Promise<Record<string, any>> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  return (
    await fetch(graphql, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
  ).json() as never;
}

async function register(email: string, names: object = {}): Promise<unknown> {
  const input = { email, locale: 'de', country: 'DE', consents: [], idempotencyKey: randomUUID(), ...names };
  const query = 'mutation ($i: RegisterInput!) { register(input: $i) { __typename ... on UserError { code } } }';
  return (await ask(query, { i: input }))['data']?.register;
}

async function mailsTo(email: string): Promise<{ subject: string; text: string }[]> {
  const all = (await (await fetch(`${mail.api}/email`)).json()) as { to: unknown; subject: string; text: string }[];
  return all.filter(({ to }) => JSON.stringify(to).includes(email));
}

/** Follows Keycloak's pages like a browser with cookies. */
async function follow(
  jar: Map<string, string>,
  address: string,
  form?: Record<string, string>,
): Promise<{ url: string; text: string }> {
  let [url, body] = [address, form && new URLSearchParams(form)];
  for (;;) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, {
      redirect: 'manual',
      method: body ? 'POST' : 'GET',
      headers: { cookie },
      body: body ?? null,
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const location = answer.headers.get('location');
    if (!location) return { url, text: await answer.text() };
    [url, body] = [new URL(location, url).href, undefined];
  }
}

const decoded = (text: string | undefined): string => (text ?? '').replaceAll('&amp;', '&');

async function prove(email: string): Promise<void> {
  await expect.poll(async () => (await mailsTo(email)).length, { timeout: 5000 }).toBeGreaterThan(0);
  const link = /https?:\/\/\S+action-token\S+/.exec((await mailsTo(email))[0]?.text ?? '')?.[0] ?? '';
  const jar = new Map<string, string>();
  let page = await follow(jar, link);
  const on = /href="([^"]*action-token[^"]*)"/.exec(page.text)?.[1];
  if (on) page = await follow(jar, new URL(decoded(on), page.url).href);
  const action = decoded(/<form[^>]*action="([^"]+)"/.exec(page.text)?.[1]);
  await follow(jar, action, { 'password-new': password, 'password-confirm': password });
}

async function tokenOf(username: string, scope = 'openid'): Promise<string> {
  const form = { grant_type: 'password', client_id: clients.cli.id, username, password, scope };
  const url = `${keycloak.url}/realms/${keycloak.realm}/protocol/openid-connect/token`;
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  return ((await answer.json()) as { access_token?: string }).access_token ?? '';
}

async function admin(method: string, path: string, body?: object): Promise<any> {
  const call = await openAdmin(endpoints);
  const text = await (await call(method, path, body)).text();
  return text ? JSON.parse(text) : undefined;
}

const userOf = async (email: string): Promise<any> =>
  (await admin('GET', `/users?exact=true&email=${encodeURIComponent(email)}`))[0];
const me = 'query { me { id version status givenName familyName email { verified } } }';
const typesOf = async (id: string): Promise<string[]> =>
  (
    await pool.query<{ type: string }>('select type from outbox where customer_id = $1 order by sequence', [id])
  ).rows.map(({ type }) => type);

async function signedUp(): Promise<{ email: string; id: string; token: string }> {
  const email = `${randomUUID()}@example.org`;
  await register(email);
  await prove(email);
  const token = await tokenOf(email);
  await expect.poll(async () => (await ask(me, {}, token))['data']?.me?.status, { timeout: 5000 }).toBe('ACTIVE');
  return { email, token, id: (await ask(me, {}, token))['data'].me.id };
}

describe('registration at a real Keycloak (FR-1)', () => {
  test('register, mail, link, password: she is a customer, told exactly once', async () => {
    const { id } = await signedUp();

    const types = await typesOf(id);

    expect(types.filter((type) => type.includes('CustomerRegistered'))).toHaveLength(1);
    expect(types.some((type) => type.includes('CustomerUpdated'))).toBe(true);
  });

  test('a known address gets the same answer, and its owner a mail of ours', async () => {
    const { email } = await signedUp();
    const before = (await mailsTo(email)).length;

    expect(await register(email)).toEqual({ __typename: 'RegistrationAccepted' });

    await expect.poll(async () => (await mailsTo(email)).length, { timeout: 8000 }).toBe(before + 1);
    expect((await mailsTo(email))[0]?.text).not.toContain('action-token');
  });

  test('whoever typed her address first leaves nothing: she registers later', async () => {
    const email = `${randomUUID()}@example.org`;
    await register(email, { givenName: 'Squatter', familyName: 'Marker' });
    await register(email, { givenName: 'Ada' });

    await prove(email);

    const mine = (await ask(me, {}, await tokenOf(email)))['data'].me;
    expect([mine.givenName, mine.familyName]).toEqual([null, null]);
    expect(
      (
        await pool.query('select from identity_link l join customer c on c.id = l.customer_id where c.id = $1', [
          mine.id,
        ])
      ).rowCount,
    ).toBe(1);
  });

  test('twenty at once are one customer', async () => {
    const email = `${randomUUID()}@example.org`;

    const answers = await Promise.all(Array.from({ length: 20 }, () => register(email)));

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await prove(email);
    const token = await tokenOf(email);
    await expect.poll(async () => (await ask(me, {}, token))['data']?.me?.status, { timeout: 5000 }).toBe('ACTIVE');
  });
});

describe('changes on the other side (design §4)', () => {
  test('names changed here and there end equal', async () => {
    const { email, token } = await signedUp();
    const { version } = (await ask(me, {}, token))['data'].me;
    const update = 'mutation ($i: UpdateProfileInput!) { updateProfile(input: $i) { __typename } }';
    await ask(update, { i: { expectedVersion: version, givenName: 'Here' } }, token);
    await expect.poll(async () => (await userOf(email)).firstName, { timeout: 8000 }).toBe('Here');

    const user = await userOf(email);
    await admin('PUT', `/users/${user.id}`, { ...user, firstName: 'There' });

    await expect.poll(async () => (await ask(me, {}, token))['data'].me.givenName, { timeout: 8000 }).toBe('There');
  });

  test('disabled in the console, her token is refused within five seconds; opened again, she is back', async () => {
    const { email, id, token } = await signedUp();
    const user = await userOf(email);
    const statusOf = async (): Promise<string> =>
      (await pool.query('select status from customer where id = $1', [id])).rows[0]?.status;

    await admin('PUT', `/users/${user.id}`, { ...user, enabled: false });

    await expect.poll(async () => (await ask(me, {}, token))['code'], { timeout: 5000 }).toBe('UNAUTHENTICATED');
    expect(await statusOf()).toBe('SUSPENDED');
    await admin('PUT', `/users/${user.id}`, { ...(await userOf(email)), enabled: true });
    await expect.poll(statusOf, { timeout: 8000 }).toBe('ACTIVE');
  });

  test('closed by staff here, she is disabled there', async () => {
    const [{ email, id }, staff] = [await signedUp(), await signedUp()];
    const staffUser = await userOf(staff.email);
    await admin('POST', `/users/${staffUser.id}/role-mappings/realm`, [await admin('GET', '/roles/admin')]);
    const strong = await tokenOf(staff.email, 'openid strong');
    const { version } = (await ask('query ($id: ID!) { customer(id: $id) { version } }', { id }, strong))['data']
      .customer;
    const change = 'mutation ($i: ChangeStatusInput!) { changeStatus(input: $i) { __typename } }';

    const answer = await ask(
      change,
      { i: { customerId: id, expectedVersion: version, status: 'SUSPENDED', reason: 'test' } },
      strong,
    );

    expect(answer['data']?.changeStatus.__typename).toBe('CustomerPayload');
    await expect.poll(async () => (await userOf(email)).enabled, { timeout: 8000 }).toBe(false);
  });

  test('deleted in the console, she is deactivated and it is told', async () => {
    const { email, id } = await signedUp();

    await admin('DELETE', `/users/${(await userOf(email)).id}`);

    await expect
      .poll(async () => (await typesOf(id)).some((type) => type.includes('CustomerAccountDeactivated')), {
        timeout: 8000,
      })
      .toBe(true);
  });

  test('a session ended at Keycloak is over here', async () => {
    const { email, token } = await signedUp();

    await admin('POST', `/users/${(await userOf(email)).id}/logout`);

    await expect.poll(async () => (await ask(me, {}, token))['code'], { timeout: 5000 }).toBe('UNAUTHENTICATED');
  });
});

describe('proving once more who one is, at Keycloak (contracts: access, "Step-up")', () => {
  test('it asks for the password again, although she is signed in, and the proof is fresh', async () => {
    const email = `${randomUUID()}@shop.example`;
    await register(email);
    await prove(email);
    const jar = new Map<string, string>();
    const signIn = async (path: string): Promise<{ url: string; text: string }> => {
      const page = await follow(jar, `http://127.0.0.1:${environment['PORT']}${path}`);
      const action = decoded(/<form[^>]*id="kc-form-login"[^>]*action="([^"]+)"/.exec(page.text)?.[1]);
      return follow(jar, action, { username: email, password });
    };
    const proven = (): number => decodeJwt<{ auth_time: number }>(jar.get('__Host-access') ?? '').auth_time;
    await signIn('/auth/login?returnTo=/profile');
    const first = proven();
    await expect.poll(() => Date.now() / 1000, { timeout: 3000 }).toBeGreaterThan(first + 1);

    const told = await signIn('/auth/login?acr=2&returnTo=/profile');

    expect(new URL(told.url).pathname).toBe('/auth/callback');
    expect(told.text).toContain('second factor');
    expect(proven()).toBeGreaterThan(first);
  });
});
