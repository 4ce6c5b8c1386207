import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../../src/domain/errors.ts';
import { KeycloakUsers } from '../../../src/platform/keycloak.ts';
import { startKeycloakDouble, type KeycloakDouble } from '../../support/keycloak-double.ts';

describe('reaching Keycloak (issue 1, deliverable 6)', () => {
  let keycloak: KeycloakDouble;
  let users: KeycloakUsers;
  let now: Date;

  beforeEach(async () => {
    now = new Date('2026-11-24T12:00:00Z');
    keycloak = await startKeycloakDouble();
    users = new KeycloakUsers(keycloak.access, { now: () => now }, (seconds) => new Unavailable(seconds));
  });
  afterEach(() => keycloak.stop());

  test('a new user has no password, no name and no proof, and is found again by our id', async () => {
    const made = await users.createUser({ email: 'anna@example.com', customerId: 'c-1', locale: 'de' });

    const user = await users.findById((made as { id: string }).id);
    expect(user).toEqual({
      id: (made as { id: string }).id,
      email: 'anna@example.com',
      emailVerified: false,
      enabled: true,
      locale: 'de',
      customerId: 'c-1',
      createdAt: expect.any(Date) as Date,
      serviceAccount: false,
    });
    expect([...keycloak.users.values()][0]).toMatchObject({ requiredActions: ['VERIFY_EMAIL', 'UPDATE_PASSWORD'] });
  });

  test('an address that is taken is told apart from an outage', async () => {
    keycloak.add({ email: 'anna@example.com' });

    expect(await users.createUser({ email: 'Anna@Example.com', customerId: 'c-1', locale: 'de' })).toBe('conflict');
  });

  test('what does not exist is null or false, never an exception', async () => {
    expect(await users.findById('nobody')).toBeNull();
    expect(await users.findByEmail('nobody@example.com')).toBeNull();
    expect(await users.updateProfile('nobody', { givenName: 'A' })).toBeNull();
    expect(await users.setEnabled('nobody', false)).toBe(false);
    expect(await users.deleteUser('nobody')).toBe(false);
    expect(await users.logoutUser('nobody')).toBe(false);
  });

  test('writing a name leaves address, proof, status and other attributes as they are', async () => {
    const user = keycloak.add({
      email: 'a@example.com',
      emailVerified: true,
      firstName: 'Old',
      lastName: 'Name',
      attributes: { locale: ['de'], customerId: ['c-1'], other: ['kept'] },
    });

    await users.updateProfile(user.id, { givenName: 'New', locale: 'en' });

    expect(keycloak.users.get(user.id)).toMatchObject({
      firstName: 'New',
      lastName: 'Name',
      email: 'a@example.com',
      emailVerified: true,
      enabled: true,
      attributes: { locale: ['en'], customerId: ['c-1'], other: ['kept'] },
    });
  });

  test('whoever was changed since we looked is left as she is', async () => {
    const { id } = keycloak.add({ email: 'b@example.com', emailVerified: true, firstName: 'Old' });
    const seen = (await users.findById(id)) ?? undefined;
    Object.assign(keycloak.users.get(id) ?? {}, { firstName: 'Theirs' });

    expect(await users.updateProfile(id, { givenName: 'Ours' }, seen)).toBe('changed');
    expect(keycloak.users.get(id)).toMatchObject({ firstName: 'Theirs' });
  });

  test.each([
    ['one field', ['firstName'], { lastName: 'Right', attributes: { locale: ['de'] } }],
    ['two fields', ['firstName', 'locale'], { lastName: 'Right', attributes: {} }],
  ])('%s that Keycloak refuses does not keep the others back', async (_what, forbidden, after) => {
    const { id } = keycloak.add({ email: 'a@example.com', firstName: 'Old', lastName: 'Name' });
    const has = { firstName: 'Wrong', locale: 'de' };
    keycloak.forbids = ({ firstName, attributes }) =>
      forbidden.filter((field) => [firstName, attributes?.['locale']?.[0]].includes(has[field as keyof typeof has]));

    const wrote = await users.updateProfile(id, { givenName: 'Wrong', familyName: 'Right', locale: 'de' });

    const names = forbidden.map((field) => (field === 'firstName' ? 'givenName' : field));
    expect(wrote).toMatchObject({ refused: names, user: { givenName: 'Old', familyName: 'Right' } });
    expect(keycloak.users.get(id)).toMatchObject({ firstName: 'Old', ...after });
  });

  test('where the realm demands a field that we do not have, nothing is written, and it is told which', async () => {
    const { id } = keycloak.add({ email: 'a@example.com', firstName: 'Old', attributes: { customerId: ['c-1'] } });
    keycloak.forbids = () => ['phone'];

    const wrote = await users.updateProfile(id, { givenName: 'New', customerId: 'c-1' });

    expect(wrote).toMatchObject({ refused: ['phone', 'givenName'], user: { givenName: 'Old' } });
    expect(keycloak.calls.filter((call) => call.startsWith('PUT'))).toHaveLength(1);
  });

  test('fifty calls at once ask for one token', async () => {
    await Promise.all(Array.from({ length: 50 }, () => users.findById('nobody')));

    expect(keycloak.tokensGiven).toBe(1);
  });

  test('a token that Keycloak no longer knows is replaced without anybody noticing', async () => {
    await users.findById('nobody');
    keycloak.forgetToken();

    expect(await users.findById('nobody')).toBeNull();
    expect(keycloak.tokensGiven).toBe(2);
  });

  test('a hung Keycloak is given up in time, and after three failures nobody waits for it', async () => {
    keycloak.mode = 'hung';
    const began = performance.now();

    await Promise.all([1, 2, 3].map(() => expect(users.findById('x')).rejects.toBeInstanceOf(Unavailable)));
    expect(performance.now() - began).toBeLessThan(1900);

    const then = performance.now();
    await expect(users.findById('x')).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE', retryAfterSeconds: 5 });
    expect(performance.now() - then).toBeLessThan(50);
  });

  test('a Keycloak that is back is used again after five seconds', async () => {
    keycloak.mode = 'down';
    for (let n = 0; n < 4; n++) await expect(users.findById('x')).rejects.toBeInstanceOf(Unavailable);
    keycloak.mode = 'up';
    now = new Date(now.getTime() + 5_001);

    expect(await users.findById('x')).toBeNull();
    expect(await users.findById('x')).toBeNull();
  });

  test('a mail that cannot be sent is an outage of that call alone', async () => {
    const user = keycloak.add({ email: 'a@example.com' });
    keycloak.mode = 'no-mail';

    for (let n = 0; n < 5; n++) {
      await expect(users.sendActionsMail(user.id, 'https://shop.example/auth/login')).rejects.toBeInstanceOf(
        Unavailable,
      );
    }
    expect(await users.findById(user.id)).not.toBeNull();
  });

  test('accounts of clients are told apart, and nobody can name herself like one', async () => {
    keycloak.add({ email: 'x@example.com', username: 'service-account-shop' });
    keycloak.add({ email: 'service-account-x@example.com' });

    expect((await users.list(0, 10)).map((user) => user.serviceAccount)).toEqual([true, false]);
  });
});
