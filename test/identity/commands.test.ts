import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { verifyAudit } from '../../src/commands/audit-verify.ts';
import { migrate } from '../../src/commands/migrate.ts';
import { reconcileAll } from '../../src/commands/reconcile.ts';
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

  test('without a configuration it says what is missing', async () => {
    await expect(reconcileAll({}, true, () => undefined)).rejects.toThrow('DATABASE_URL is missing');
  });
});
