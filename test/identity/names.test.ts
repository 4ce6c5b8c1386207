import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { Unavailable } from '../../src/domain/errors.ts';
import { parsePersonName } from '../../src/domain/values/person-name.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { readConfig } from '../../src/platform/config.ts';
import { KeycloakUsers } from '../../src/platform/keycloak.ts';
import { openAdmin } from '../support/keycloak-admin.ts';

const { keycloak } = readConfig(inject('environment'));
const users = new KeycloakUsers(keycloak, systemClock, (seconds) => new Unavailable(seconds));
const email = `${randomUUID()}@example.org`;
let id: string;
beforeAll(async () => {
  const admin = await openAdmin(inject('endpoints'));
  await admin('POST', '/users', { username: email, email, enabled: true, emailVerified: true, lastName: 'Before' });
  id = (await users.findByEmail(email))?.id ?? expect.fail('no user');
});

function isOurs(name: string): boolean {
  try {
    return parsePersonName(name, 'givenName') !== null;
  } catch {
    return false;
  }
}

async function isTheirs(givenName: string): Promise<boolean> {
  const written = await users.updateProfile(id, { givenName });
  return typeof written === 'object' && !written?.refused.length;
}

/** Those of which one side says yes and the other no. */
async function disputed(names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) if ((await isTheirs(name)) !== isOurs(name)) found.push(JSON.stringify(name));
  return found;
}

describe('a name that we keep is one that Keycloak takes (decision 27)', () => {
  test('every character of Latin-1, and what ends a line', async () => {
    const codes = [...Array(256).keys(), 0x2028, 0x2029];

    expect(await disputed(codes.map((code) => `A${String.fromCodePoint(code)}b`))).toEqual([]);
    expect([isOurs('Ada <3'), await isTheirs('Ada <3')]).toEqual([false, false]);
  });

  test('names as people have them, in any script', async () => {
    const names = [
      "O'Neill",
      'O’Neill',
      'Anne-Marie',
      'Müller',
      '李',
      'St. John',
      'María José',
      'Ng, Jr.',
      '\u{20bb7}',
    ];

    expect(await disputed(names)).toEqual([]);
    expect(names.filter((name) => !isOurs(name))).toEqual([]);
  });

  test('a hundred characters, whatever they weigh, and not one more', async () => {
    const names = ['a', 'ü', '\u{20bb7}'].flatMap((one) => [one.repeat(100), one.repeat(101)]);

    expect(await disputed(names)).toEqual([]);
    expect(names.map(isOurs)).toEqual([true, false, true, false, true, false]);
  });

  test('one that it refuses keeps neither the family name nor the language back', async () => {
    const written = await users.updateProfile(id, { givenName: 'Ada <3', familyName: 'After', locale: 'de' });

    expect(written).toMatchObject({ refused: ['givenName'], user: { familyName: 'After', locale: 'de' } });
    expect(await users.findByEmail(email)).toMatchObject({ familyName: 'After', locale: 'de' });
    expect(await users.updateProfile(id, { givenName: 'Ada <3', familyName: '>', locale: 'en' })).toMatchObject({
      refused: expect.arrayContaining(['givenName', 'familyName']) as string[],
      user: { familyName: 'After', locale: 'en' },
    });
  });
});
