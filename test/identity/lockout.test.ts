import { describe, expect, inject, test } from 'vitest';
import { openAdmin } from '../support/keycloak-admin.ts';
import { stepsOverService } from '../support/life-steps.ts';
import { makePerson, type Person, tokensFor } from '../support/people.ts';

stepsOverService();
const endpoints = inject('endpoints');

/** As many wrong passwords lock an account (keycloak/realm: failureFactor). */
const tries = 10;

async function counted(): Promise<number> {
  const text = await (await fetch(endpoints.metrics)).text();
  return Number(/^auth_incidents_total\{kind="lockout"\} (\d+)$/m.exec(text)?.[1]);
}

async function tryWrong(person: Person): Promise<void> {
  await expect(tokensFor(endpoints, { ...person, password: 'wrong-and-long' })).rejects.toThrow('no token');
}

describe('an account that Keycloak locks is an incident (spec §1)', () => {
  test('ten wrong passwords are one lockout, told within seconds', async () => {
    const person = await makePerson(await openAdmin(endpoints));
    await tokensFor(endpoints, person);
    const before = await counted();

    for (let n = 1; n < tries; n += 1) await tryWrong(person);
    expect(await counted()).toBe(before);
    await tryWrong(person);

    await expect.poll(counted, { timeout: 8000 }).toBe(before + 1);
    await expect(tokensFor(endpoints, person)).rejects.toThrow('no token');
  });
});
