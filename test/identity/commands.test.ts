import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { verifyAudit } from '../../src/commands/audit-verify.ts';
import { migrate } from '../../src/commands/migrate.ts';
import { reconcileAll } from '../../src/commands/reconcile.ts';
import { openPool } from '../../src/platform/database.ts';
import type { KeycloakUser } from '../../src/platform/keycloak.ts';
import { KeycloakRows } from '../../src/platform/keycloak-rows.ts';
import { openAdmin } from '../support/keycloak-admin.ts';

const endpoints = inject('endpoints');
const environment = inject('environment');
beforeAll(() => migrate(environment));

describe('npm run reconcile', () => {
  test('a dry run only says who has no customer; the next makes them, and a third finds nothing', async () => {
    const email = `${randomUUID()}@example.org`;
    const admin = await openAdmin(endpoints);
    await admin('POST', '/users', { username: email, email, enabled: true, emailVerified: true });
    const runs: string[][] = [];

    for (const dryRun of [true, false, false]) {
      const lines: string[] = [];
      expect(await reconcileAll(environment, dryRun, (line) => void lines.push(line))).toBe(true);
      runs.push(lines);
    }

    const withoutCustomer = runs.map((lines) => Number(/(\d+) users? had no customer/.exec(lines.join(' '))?.[1]));
    expect(withoutCustomer[0]).toBeGreaterThan(0);
    expect(withoutCustomer[2]).toBe(0);
    expect(runs.flat().join()).not.toContain(email);
    expect(await verifyAudit(environment, () => undefined)).toBe(true);
  });

  test('reads users in Keycloak’s own tables, by a role that sees no credential and no session', async () => {
    const reader = openPool({ url: environment['KEYCLOAK_DATABASE_URL'] ?? '', pool: 1 });
    const email = `${randomUUID()}@example.org`;
    const admin = await openAdmin(endpoints);
    const user = { username: email, email, enabled: true, emailVerified: true, attributes: { locale: ['de'] } };
    await admin('POST', '/partialImport', { ifResourceExists: 'FAIL', users: [{ ...user, firstName: 'Ann' }] });
    const [found] = await (await admin('GET', `/users?exact=true&email=${email}`)).json();

    const rows = new KeycloakRows(reader, endpoints.keycloak.realm);
    const users: KeycloakUser[] = [];
    for (let last: string | undefined = ''; last !== undefined; last = users.at(-1)?.id) {
      const page = await rows.after(last, 100);
      if (!page.length) break;
      users.push(...page);
    }

    expect(users.find(({ id }) => id === found.id)).toMatchObject({ email, emailVerified: true, enabled: true });
    expect(users.find(({ id }) => id === found.id)).toMatchObject({ givenName: 'Ann', locale: 'de' });
    for (const table of ['credential', 'offline_user_session', 'federated_identity', 'component_config']) {
      await expect(reader.query(`select 1 from ${table}`)).rejects.toMatchObject({ code: '42501' });
    }
    await expect(reader.query('update user_entity set enabled = false')).rejects.toMatchObject({ code: '42501' });
    await reader.end();
  });

  test('without a configuration it says what is missing', async () => {
    await expect(reconcileAll({}, true, () => undefined)).rejects.toThrow('DATABASE_URL is missing');
  });
});
