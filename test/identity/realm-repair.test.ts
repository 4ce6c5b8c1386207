import { describe, expect, inject, test } from 'vitest';
import { applyRealm, checkRealm, realm as command } from '../../src/commands/realm.ts';
import { openAdmin } from '../support/keycloak-admin.ts';

const endpoints = inject('endpoints');
const { keycloak, clients, mail, rest } = endpoints;
const smtp = new URL(mail.smtp);
const realm = 'customer-second';
const env = {
  KEYCLOAK_URL: keycloak.url,
  KEYCLOAK_ADMIN_USER: keycloak.adminUser,
  KEYCLOAK_ADMIN_PASSWORD: keycloak.adminPassword,
  KEYCLOAK_REALM: realm,
  BFF_URL: new URL(rest).origin,
  BFF_CLIENT_SECRET: clients.bff.secret,
  SERVICE_CLIENT_SECRET: clients.service.secret,
  LOGIN_CLIENT_SECRET: clients.login.secret,
  SMTP_HOST: smtp.hostname,
  SMTP_PORT: '465',
  SMTP_FROM: 'no-reply@customer.localhost',
  SMTP_USER: 'mailer',
  SMTP_PASSWORD: 'a password of the mail server',
};

interface Named {
  id: string;
  name?: string;
  clientId?: string;
  username?: string;
  protocolMappers?: (Named & { config: Record<string, string> })[];
}

async function admin<T>(method: string, path: string, body?: unknown): Promise<T> {
  const call = await openAdmin(endpoints, realm);
  const answer = await call(method, path, body);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 200)}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

const named = (all: Named[], name: string): Named => {
  const found = all.find((one) => [one.name, one.clientId, one.username].includes(name));
  if (!found) throw new Error(`no ${name}`);
  return found;
};

interface Step {
  readonly providerId?: string;
  readonly displayName?: string;
  readonly authenticationConfig?: string;
}

const steps = (flow: string) => admin<Step[]>('GET', `/authentication/flows/${flow}/executions`);

async function stepConfig(provider: string): Promise<string> {
  const found = (await steps('customer-browser')).find(({ providerId }) => providerId === provider);
  if (!found?.authenticationConfig) throw new Error(`no settings of ${provider}`);
  return found.authenticationConfig;
}

/** What somebody does in the console, and a part of what the check says of it. */
const damages: [what: string, damage: () => Promise<unknown>][] = [
  ['password policy', () => admin('PUT', '', { passwordPolicy: 'length(4)', accessTokenLifespan: 9000 })],
  ['event storage', () => admin('PUT', '', { eventsEnabled: true, adminEventsEnabled: true })],
  [
    'a scope that is gone',
    async () => admin('DELETE', `/client-scopes/${named(await admin('GET', '/client-scopes'), 'customer-acr').id}`),
  ],
  [
    'mappers that are gone, changed and too many',
    async () => {
      const scope = named(await admin('GET', '/client-scopes'), 'customer-token');
      const [first, second] = scope.protocolMappers ?? [];
      const base = `/client-scopes/${scope.id}/protocol-mappers/models`;
      await admin('DELETE', `${base}/${first?.id}`);
      await admin('PUT', `${base}/${second?.id}`, {
        ...second,
        config: { ...second?.config, 'access.token.claim': 'false' },
      });
      await admin('POST', base, {
        name: 'leak',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-usermodel-property-mapper',
        config: { 'user.attribute': 'email', 'claim.name': 'email', 'access.token.claim': 'true' },
      });
    },
  ],
  [
    'a client that is gone and one that is changed',
    async () => {
      const all = await admin<Named[]>('GET', '/clients');
      await admin('DELETE', `/clients/${named(all, 'customer-login').id}`);
      const bff = named(all, 'customer-bff');
      await admin('PUT', `/clients/${bff.id}`, { ...bff, redirectUris: ['*'], directAccessGrantsEnabled: true });
      await admin('POST', `/clients/${bff.id}/protocol-mappers/models`, {
        name: 'own',
        protocol: 'openid-connect',
        protocolMapper: 'oidc-hardcoded-claim-mapper',
        config: { 'claim.name': 'x', 'claim.value': 'y' },
      });
    },
  ],
  [
    'roles and composites',
    async () => {
      const api = named(await admin('GET', '/clients'), 'customer-api');
      const read = await admin<Named>('GET', `/clients/${api.id}/roles/customer:read`);
      await admin('DELETE', `/roles/support/composites`, [read]);
      await admin('POST', `/roles/customer/composites`, [read]);
      await admin('DELETE', '/roles/marketing');
      await admin('DELETE', `/clients/${api.id}/roles/loyalty:adjust`);
    },
  ],
  [
    'rights of the service account',
    async () => {
      const all = await admin<Named[]>('GET', '/clients');
      const account = await admin<Named>('GET', `/clients/${named(all, 'customer-service').id}/service-account-user`);
      const management = named(all, 'realm-management');
      const roles = await admin<Named[]>('GET', `/clients/${management.id}/roles`);
      const path = `/users/${account.id}/role-mappings`;
      await admin('POST', `${path}/clients/${management.id}`, [named(roles, 'manage-clients')]);
      await admin('DELETE', `${path}/clients/${management.id}`, [named(roles, 'view-users')]);
      await admin('POST', `${path}/realm`, [await admin<Named>('GET', '/roles/admin')]);
    },
  ],
  ['the registration that Keycloak brings', () => admin('PUT', '', { registrationFlow: 'registration' })],
  [
    'a registration flow whose step is off, with another one before it',
    async () => {
      const path = '/authentication/flows/customer-registration-form/executions';
      const [step] = await admin<{ id: string }[]>('GET', path);
      await admin('PUT', path, { ...step, requirement: 'DISABLED' });
      await admin('POST', `${path}/execution`, { provider: 'registration-user-creation' });
    },
  ],
  [
    'a registration flow that is gone',
    async () => {
      await admin('PUT', '', { registrationFlow: 'registration' });
      const flows = await admin<(Named & { alias: string })[]>('GET', '/authentication/flows');
      await admin(
        'DELETE',
        `/authentication/flows/${flows.find(({ alias }) => alias === 'customer-registration')?.id}`,
      );
    },
  ],
  [
    'the level of the second step',
    async () => {
      const config = await stepConfig('conditional-level-of-authentication');
      await admin('PUT', `/authentication/config/${config}`, {
        id: config,
        alias: 'customer-second-level',
        config: { 'loa-condition-level': '1', 'loa-max-age': '36000' },
      });
    },
  ],
  [
    'a condition of the second step whose settings are gone',
    async () => admin('DELETE', `/authentication/config/${await stepConfig('conditional-credential')}`),
  ],
  [
    'second factors: their step, their rules and how to enrol them',
    async () => {
      const [second] = (await steps('customer-browser')).filter(({ displayName }) => displayName?.endsWith('second'));
      await admin('PUT', '/authentication/flows/customer-browser/executions', { ...second, requirement: 'DISABLED' });
      const path = '/authentication/required-actions/CONFIGURE_TOTP';
      await admin('PUT', path, { ...(await admin<object>('GET', path)), enabled: false });
      await admin('PUT', '', {
        otpPolicyLookAheadWindow: 5,
        otpPolicyCodeReusable: true,
        webAuthnPolicyPasswordlessUserVerificationRequirement: 'discouraged',
      });
    },
  ],
  [
    'required actions and the user profile',
    async () => {
      await admin('PUT', '/authentication/required-actions/VERIFY_EMAIL', {
        alias: 'VERIFY_EMAIL',
        name: 'x',
        enabled: false,
        priority: 1,
      });
      const profile = await admin<{ attributes: Named[] }>('GET', '/users/profile');
      await admin('PUT', '/users/profile', { ...profile, unmanagedAttributePolicy: 'ENABLED' });
    },
  ],
];

describe('npm run realm on a realm of its own', () => {
  test('a realm that is not there is said to be missing, then made whole', async () => {
    expect(await checkRealm({ env })).not.toEqual([]);

    const settled = await applyRealm({ env });

    expect(settled.length).toBeGreaterThan(0);
    expect(await checkRealm({ env })).toEqual([]);
  });

  test('the command compares, settles, and says when all is well; the local overlay is one more description', async () => {
    const said: string[] = [];
    const run = (...args: string[]) => command(args, env, (line) => void said.push(line));

    expect(await run('check')).toBe(true);
    expect(await run('check', '--overlay', 'local')).toBe(false);
    expect(said).toContain('client customer-cli is missing');
    expect(await run('apply', '--overlay', 'local')).toBe(true);
    expect(said).toContain('settled: client customer-cli is missing');
    expect(await command(['check'], { ...env, REALM_OVERLAY: 'local' }, () => undefined)).toBe(true);
    expect(await run('apply')).toBe(true);
    expect(said).toContain('settled: client customer-cli must not exist here');
    await expect(run('check', '--overlay', 'none')).rejects.toThrow('no realm overlay named none');
  });

  test.each(damages)('%s: named, and put back', async (_what, damage) => {
    await damage();

    expect((await checkRealm({ env })).length).toBeGreaterThan(0);
    await applyRealm({ env });
    expect(await checkRealm({ env })).toEqual([]);
  });
});
