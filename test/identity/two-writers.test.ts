import pg from 'pg';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { readConfig } from '../../src/platform/config.ts';
import { CustomerKeys } from '../../src/platform/keys.ts';
import { createSeal } from '../../src/platform/personal-data.ts';
import { LifeSteps, me, type SignedUp } from '../support/life-steps.ts';
import { type RunningService, startService } from '../support/running-service.ts';

const environment: Record<string, string> = { ...inject('environment'), REGISTRATION_TIME_MS: '0' };
const steps = new LifeSteps(inject('endpoints'), environment);
const keysPool = new pg.Pool({ connectionString: environment['KEYS_DATABASE_URL'] ?? '', max: 1 });
const running: RunningService[] = [];
afterAll(async () => {
  for (const service of running) await service[Symbol.asyncDispose]();
  await keysPool.end();
  await steps[Symbol.asyncDispose]();
});

async function start(role: string, more: Record<string, string> = {}): Promise<void> {
  running.push(await startService({ ...environment, ROLE: role, ...more }));
}

async function stopAll(): Promise<void> {
  for (const service of running.splice(0)) await service[Symbol.asyncDispose]();
}

const givenName = async (token: string): Promise<string> => (await steps.ask(me, {}, token))['data'].me.givenName;

const changes = {
  async here({ token }: SignedUp): Promise<void> {
    const { version } = (await steps.ask(me, {}, token))['data'].me;
    const update = 'mutation ($i: UpdateProfileInput!) { updateProfile(input: $i) { __typename } }';
    const answer = await steps.ask(update, { i: { expectedVersion: version, givenName: 'Here' } }, token);
    expect(answer['data'].updateProfile.__typename).toBe('CustomerPayload');
  },
  async there({ email }: SignedUp): Promise<void> {
    const user = await steps.userOf(email);
    await steps.admin('PUT', `/users/${user.id}`, { ...user, firstName: 'There' });
  },
};

/** The values that were overruled, as the audit keeps them. */
async function losers(id: string): Promise<unknown[]> {
  const keys = new CustomerKeys(keysPool, readConfig(environment).keys.encryption);
  const text = `select id, key_id as "keyId", sealed from audit_entry where customer_id = $1 order by sequence`;
  const rows = await steps.rows<{ id: string; keyId: string; sealed: Buffer }>(text, id);
  const found = await keys.getMany(rows.map(({ keyId }) => keyId));
  return rows.flatMap(({ id: row, keyId, sealed }) => {
    const key = found.get(keyId);
    if (!key) throw new Error('A key is gone.');
    const opened = createSeal().open(key, { table: 'audit_entry', column: 'sealed', row, keyId }, sealed);
    return (JSON.parse(opened) as { changes: { lost?: unknown }[] }).changes.flatMap(({ lost }) => lost ?? []);
  });
}

describe('a name changed here and in the console, while nobody writes back (decision 27)', () => {
  test.each([
    ['here', 'there', 'There', 'Here'],
    ['there', 'here', 'Here', 'There'],
  ] as const)(
    'first %s, then %s: the later one counts on both sides, the other is in the audit',
    async (first, second, wins, loses) => {
      await start('all');
      const her = await steps.signedUp();
      await stopAll();
      await start('server');
      await changes[first](her);
      await changes[second](her);

      await start('worker', { ADMIN_PORT: '0' });

      const both = async (): Promise<unknown[]> => [
        await givenName(her.token),
        (await steps.userOf(her.email)).firstName,
      ];
      await expect.poll(both, { timeout: 20_000 }).toEqual([wins, wins]);
      expect(await losers(her.id)).toContain(loses);
      await stopAll();
    },
  );
});
