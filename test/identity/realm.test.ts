import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import type { Endpoints } from '../../local/endpoints.ts';
import { applyRealm, checkRealm, realmRepresentation } from '../../src/commands/realm.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    endpoints: Endpoints;
  }
}

const { keycloak, clients, mail, rest } = inject('endpoints');
const smtp = new URL(mail.smtp);
const service = inject('environment');
const provider = `${service['IDENTITY_FALLBACK_ISSUER']}/protocol/openid-connect`;
/** The keys of the broker that is on in this stack. */
const broker = {
  AUTH0_ISSUER: service['IDENTITY_FALLBACK_ISSUER'] ?? '',
  AUTH0_AUTHORIZATION_URL: `${provider}/auth`,
  AUTH0_TOKEN_URL: `${provider}/token`,
  AUTH0_USERINFO_URL: `${provider}/userinfo`,
  AUTH0_KEYS_URL: `${provider}/certs`,
  AUTH0_CLIENT_ID: service['IDENTITY_FALLBACK_CLIENT_ID'] ?? '',
  AUTH0_CLIENT_SECRET: service['IDENTITY_FALLBACK_CLIENT_SECRET'] ?? '',
};
const env = {
  ...broker,
  KEYCLOAK_URL: keycloak.url,
  KEYCLOAK_ADMIN_USER: keycloak.adminUser,
  KEYCLOAK_ADMIN_PASSWORD: keycloak.adminPassword,
  KEYCLOAK_REALM: keycloak.realm,
  BFF_URL: new URL(rest).origin,
  BFF_CLIENT_SECRET: clients.bff.secret,
  SERVICE_CLIENT_SECRET: clients.service.secret,
  LOGIN_CLIENT_SECRET: clients.login.secret,
  SMTP_HOST: smtp.hostname,
  SMTP_PORT: smtp.port,
  SMTP_FROM: 'no-reply@customer.localhost',
};
const local = { env, overlay: 'local' };

type Claims = { aud: string; scope: string; acr: string; sid: string; iat: number; auth_time: number } & {
  resource_access: Record<string, { roles: string[] }>;
};

let adminToken = '';

async function tokenFrom(realm: string, form: Record<string, string>): Promise<Record<string, string>> {
  const url = `${keycloak.url}/realms/${realm}/protocol/openid-connect/token`;
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  return (await answer.json()) as Record<string, string>;
}

async function admin(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; id: string; json: unknown }> {
  const answer = await fetch(`${keycloak.url}/admin/realms/${keycloak.realm}${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const id = answer.headers.get('location')?.split('/').at(-1) ?? '';
  return { status: answer.status, id, json: text ? (JSON.parse(text) as unknown) : undefined };
}

const randomWords = (): string => Array.from({ length: 4 }, () => randomBytes(4).toString('hex')).join(' ');

async function person(roles: string[] = []) {
  const username = `realm-${randomBytes(6).toString('hex')}@example.com`;
  const password = randomWords();
  const credentials = [{ type: 'password', value: password }];
  const profile = { email: username, emailVerified: true, firstName: 'Ada', lastName: 'Lovelace' };
  const { id } = await admin('POST', '/users', { username, enabled: true, ...profile, credentials });
  const granted = await Promise.all(roles.map(async (role) => (await admin('GET', `/roles/${role}`)).json));
  await admin('POST', `/users/${id}/role-mappings/realm`, granted);
  return { id, username, password };
}

async function accessToken(who: { username: string; password: string }, scope = 'openid'): Promise<string> {
  const { username, password } = who;
  const form = { grant_type: 'password', client_id: clients.cli.id, username, password, scope };
  const { access_token: token } = await tokenFrom(keycloak.realm, form);
  if (!token) throw new Error('Keycloak gave no access token.');
  return token;
}

const claimsOf = (token: string): Claims =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;

// Before each: it lasts a minute, and a busy machine takes longer for all.
beforeEach(async () => {
  const form = {
    grant_type: 'password',
    client_id: 'admin-cli',
    username: env.KEYCLOAK_ADMIN_USER,
    password: env.KEYCLOAK_ADMIN_PASSWORD,
  };
  adminToken = (await tokenFrom('master', form))['access_token'] ?? '';
});

describe('the realm as code (contracts/access.md)', () => {
  test('the running realm is as described, and applying again changes nothing', async () => {
    const differences = await checkRealm(local);

    expect(differences).toEqual([]);
    expect(await applyRealm(local)).toEqual([]);
  });

  test('what somebody changed in the console is named and put back', async () => {
    await admin('PUT', '', { eventsListeners: ['jboss-logging'], accessTokenLifespan: 900, loginTheme: 'keycloak' });
    const admins = (await admin('GET', '/roles/admin')).json as { id: string };
    await admin(
      'POST',
      `/roles-by-id/${((await admin('GET', '/roles/support')).json as { id: string }).id}/composites`,
      [admins],
    );

    const found = await checkRealm(local);

    expect(found.toSorted()).toEqual([
      'realm: accessTokenLifespan differs',
      'realm: eventsListeners differs',
      'realm: loginTheme differs',
      'role support has admin as well',
    ]);
    expect((await applyRealm(local)).toSorted()).toEqual(found.toSorted());
    expect(await checkRealm(local)).toEqual([]);
  });

  test('without the local overlay its client and scope must not exist', async () => {
    const found = await checkRealm({ env });

    expect(found).toEqual(
      expect.arrayContaining(['client customer-cli must not exist here', 'scope strong must not exist here']),
    );
  });

  test('a client secret is compared but never printed', async () => {
    const secret = randomBytes(24).toString('hex');

    const found = await checkRealm({ ...local, env: { ...env, BFF_CLIENT_SECRET: secret } });

    expect(found).toEqual(['client customer-bff: secret differs']);
  });

  test('every missing value is named at once', () => {
    const empty = { env: { KEYCLOAK_REALM: 'customer' } };

    expect(() => realmRepresentation(empty)).toThrow(
      /BFF_CLIENT_SECRET, BFF_URL, LOGIN_CLIENT_SECRET, SERVICE_CLIENT_SECRET, SMTP_/,
    );
  });
});

describe('tokens (decision 22, 23)', () => {
  const roles = [
    'support',
    'support-pii',
    'steward',
    'marketing',
    'loyalty',
    'privacy-officer',
    'checkout',
    'login-service',
    'notifications',
    'admin',
  ];

  test.for(roles)('the scope of a token says what its roles say: %s', async (role) => {
    const claims = claimsOf(await accessToken(await person([role])));

    const permissions = claims.resource_access['customer-api']?.roles ?? [];
    expect(permissions.length).toBeGreaterThan(1);
    expect(
      claims.scope
        .split(' ')
        .filter((word) => word !== 'openid')
        .toSorted(),
    ).toEqual(permissions.toSorted());
  });

  test('a token names no person and is for customer-api alone', async () => {
    const claims = claimsOf(await accessToken(await person()));

    expect(JSON.stringify(claims)).not.toMatch(/Ada|Lovelace|example\.com/);
    expect(claims.aud).toBe('customer-api');
    expect(claims.resource_access).toEqual({ 'customer-api': { roles: ['customer:self'] } });
  });

  test('a hundred roles of other clients leave the token small enough for a cookie', async () => {
    const who = await person(['admin']);
    const client = await admin('POST', '/clients', { clientId: `other-${randomBytes(4).toString('hex')}` });
    for (let at = 0; at < 100; at++)
      await admin('POST', `/clients/${client.id}/roles`, { name: `role-of-another-client-${at}` });
    const others = (await admin('GET', `/clients/${client.id}/roles?max=200`)).json;
    await admin('POST', `/users/${who.id}/role-mappings/clients/${client.id}`, others);

    const token = await accessToken(who, 'openid strong');

    await admin('DELETE', `/clients/${client.id}`);
    expect(token.length).toBeLessThan(4096 - '__Host-access='.length);
  });

  test('the scope strong says that a second factor was used, just now', async () => {
    const who = await person(['support']);

    const [strong, plain] = [claimsOf(await accessToken(who, 'openid strong')), claimsOf(await accessToken(who))];

    expect([strong.acr, plain.acr]).toEqual(['2', undefined]);
    expect(strong.iat - strong.auth_time).toBeLessThanOrEqual(1);
    expect(strong.sid).toBeTruthy();
  });

  test('no client without its secret takes a password but the local one', async () => {
    const who = await person();
    const ask = { grant_type: 'password', username: who.username, password: who.password };

    const answers = await Promise.all([
      tokenFrom(keycloak.realm, { ...ask, client_id: 'admin-cli' }),
      tokenFrom(keycloak.realm, { ...ask, client_id: clients.bff.id, client_secret: clients.bff.secret ?? '' }),
      tokenFrom(keycloak.realm, { ...ask, client_id: clients.login.id }),
      tokenFrom(keycloak.realm, { ...ask, client_id: clients.login.id, client_secret: 'a guess' }),
    ]);

    expect(answers.map((answer) => answer['access_token'])).toEqual(Array(4).fill(undefined));
  });
});

describe('passwords (decision 3)', () => {
  const errorOf = async (password: string) => {
    const { id } = await person();
    const answer = await admin('PUT', `/users/${id}/reset-password`, {
      type: 'password',
      value: password,
      temporary: false,
    });
    return (answer.json as { error?: string } | undefined)?.error;
  };

  test('a common password of 12 characters is refused, four random words are taken', async () => {
    expect(await errorOf('password1234')).toBe('invalidPasswordBlacklistedMessage');
    expect(await errorOf('PassWord1234')).toBe('invalidPasswordBlacklistedMessage');
    expect(await errorOf(randomWords())).toBeUndefined();
  });

  test('11 and 129 characters are refused, 128 are taken and not cut', async () => {
    const { id, username } = await person();
    const long = 'ä'.repeat(64) + randomBytes(32).toString('hex');
    const set = await admin('PUT', `/users/${id}/reset-password`, { type: 'password', value: long, temporary: false });

    expect(set.status).toBe(204);
    expect(await errorOf('x7-Kq2_ab!c')).toBe('invalidPasswordMinLengthMessage');
    expect(await errorOf(`${long}x`)).toBe('invalidPasswordMaxLengthMessage');
    expect(claimsOf(await accessToken({ username, password: long })).sid).toBeTruthy();
    const form = { grant_type: 'password', client_id: clients.cli.id, username, password: `${long.slice(0, -1)}?` };
    expect(await tokenFrom(keycloak.realm, form)).toMatchObject({ error: 'invalid_grant' });
  });

  test('the hash is bcrypt, cost 12', async () => {
    const { id } = await person();

    const [credential] = (await admin('GET', `/users/${id}/credentials`)).json as { credentialData: string }[];

    expect(JSON.parse(credential?.credentialData ?? '')).toMatchObject({ algorithm: 'bcrypt', hashIterations: 12 });
  });
});
