import { beforeAll, describe, expect, inject, test } from 'vitest';
import { Unavailable } from '../../src/domain/errors.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { readConfig } from '../../src/platform/config.ts';
import { KeycloakUsers } from '../../src/platform/keycloak.ts';
import { type AdminCall, openAdmin } from '../support/keycloak-admin.ts';
import { madeId, newUser, type User } from '../support/people.ts';

const { keycloak } = readConfig(inject('environment'));
const users = new KeycloakUsers(keycloak, systemClock, (seconds) => new Unavailable(seconds));
let admin: AdminCall;
beforeAll(async () => {
  admin = await openAdmin(inject('endpoints'));
});

async function somebody(): Promise<User> {
  const id = madeId(await admin('POST', '/users', newUser()));
  return userWith(id);
}

async function userWith(id: string): Promise<User> {
  return (await (await admin('GET', `/users/${id}`)).json()) as User;
}

const conditional = (id: string, seen: object, wanted: object): Promise<Response> =>
  admin('PUT', `/conditional-users/${id}`, { seen, wanted });

describe('a user is written only while she is as she was read (decision 55)', () => {
  test('as she was read: written, by the rules of Keycloak’s own API', async () => {
    const user = await somebody();
    const { attributes = {} } = user;

    const answers = [
      await conditional(user.id, user, { ...user, firstName: 'Grace' }),
      await conditional(user.id, { ...user, firstName: 'Grace' }, { ...user, firstName: 'a<b', attributes }),
      await conditional('00000000-0000-4000-8000-000000000000', user, user),
    ];

    expect(answers.map(({ status }) => status)).toEqual([204, 400, 404]);
    expect(await userWith(user.id)).toMatchObject({ firstName: 'Grace', lastName: user.lastName, attributes });
  });

  test.each([
    ['her name', { lastName: 'Hopper' }],
    ['her language', { attributes: { locale: ['de'] } }],
    ['what only admins see', { attributes: { locale: ['en'], customerId: ['x'] } }],
  ])('when somebody has changed %s since: refused, and his change stays', async (_what, change) => {
    const user = await somebody();
    await admin('PUT', `/users/${user.id}`, { ...user, ...change });

    const { status } = await conditional(user.id, user, { ...user, firstName: 'Grace' });

    expect(status).toBe(412);
    expect(await userWith(user.id)).toMatchObject({ firstName: user.firstName, ...change });
  });

  test.each([{}, { seen: {} }, { wanted: {} }])('half a wish is refused: %j', async (body) => {
    const user = await somebody();

    expect((await admin('PUT', `/conditional-users/${user.id}`, body)).status).toBe(400);
  });

  test('without the right to manage users it is forbidden', async () => {
    const user = await somebody();
    const url = `${keycloak.url}/admin/realms/${keycloak.realm}/conditional-users/${user.id}`;
    const body = JSON.stringify({ seen: user, wanted: user });
    const headers = { 'content-type': 'application/json' };

    expect((await fetch(url, { method: 'PUT', headers, body })).status).toBe(401);
  });

  test('an admin and our write-back at the same moment: what the admin saved is there, forty times of forty', async () => {
    const user = await somebody();
    const lost: number[] = [];
    for (let n = 0; n < 40; n += 1) {
      const saved = admin('PUT', `/users/${user.id}`, { lastName: `Hopper ${n}` });
      const written = users.updateProfile(user.id, { givenName: `Grace ${n}` });
      expect((await saved).status).toBe(204);
      await written;
      if ((await userWith(user.id)).lastName !== `Hopper ${n}`) lost.push(n);
    }

    expect(lost).toEqual([]);
  });
});
