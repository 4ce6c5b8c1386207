import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DoubleUser } from '../../support/keycloak-double.ts';
import { IdentityWorld, type Told } from '../../support/identity-world.ts';

let world: IdentityWorld;
let user: DoubleUser;
beforeAll(async () => {
  world = await IdentityWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  user = await world.madeInConsole({ email: `${randomUUID()}@shop.example`, emailVerified: true });
  await world.runJobs();
  world.mails.length = 0;
});

const day = 86_400_000;

async function mailsAfter(...changes: Partial<Told>[]): Promise<string[]> {
  await world.told(...changes.map((change) => ({ type: 'UPDATE_CREDENTIAL', userId: user.id, ...change })));
  await world.runJobs();
  return world.mails.map(({ text }) => text);
}

const byHerself = { by: 'customer' } as const;

describe('a customer is told what was changed of what she signs in with', () => {
  test.each([
    ['otp', 'UPDATE_CREDENTIAL', 'an authenticator app was set up'],
    ['otp', 'REMOVE_CREDENTIAL', 'an authenticator app was removed'],
    ['webauthn-passwordless', 'UPDATE_CREDENTIAL', 'a passkey was set up'],
    ['webauthn-passwordless', 'REMOVE_CREDENTIAL', 'a passkey was removed'],
    ['recovery-authn-codes', 'UPDATE_CREDENTIAL', 'recovery codes were set up'],
    ['recovery-authn-codes', 'REMOVE_CREDENTIAL', 'the recovery codes of your account were removed'],
    ['customer-trusted-device', 'UPDATE_CREDENTIAL', 'on a device that you trust we ask for your password only'],
    ['customer-trusted-device', 'REMOVE_CREDENTIAL', 'a device was taken off the list of those that you trust'],
  ])('%s, %s: “%s”', async (credentialType, type, words) => {
    const mails = await mailsAfter({ ...byHerself, type, credentialType });

    expect(mails).toEqual([expect.stringContaining(words)]);
    expect(world.mails[0]?.to).toBe(user.email);
  });

  test.each([
    ['FEDERATED_IDENTITY_LINK', 'another account was linked with yours'],
    ['REMOVE_FEDERATED_IDENTITY', 'a linked account was removed'],
  ])('%s: “%s”', async (type, words) => {
    expect(await mailsAfter({ ...byHerself, type })).toEqual([expect.stringContaining(words)]);
  });

  test('in German to whoever reads German', async () => {
    user.attributes['locale'] = ['de'];

    const [mail] = await mailsAfter({ ...byHerself, credentialType: 'otp' });

    expect(mail).toContain('für Ihr Konto wurde eine Authenticator-App eingerichtet');
  });

  test.each([
    ['USER_RESET_PASSWORD', 'the password of your account was changed'],
    ['USER_CREDENTIALS', 'something to sign in with was removed'],
    ['USER_DISABLE_CREDENTIAL_TYPES', 'something to sign in with was removed'],
  ])('by an admin too: %s', async (type, words) => {
    expect(await mailsAfter({ type })).toEqual([expect.stringContaining(words)]);
  });

  test('a password that she chooses while she registers is no news to her; a later one is', async () => {
    expect(await mailsAfter({ ...byHerself, credentialType: 'password' })).toEqual([]);

    world.advance(day);
    expect(await mailsAfter({ ...byHerself, credentialType: 'password' })).toHaveLength(1);
  });

  test('once for an event, however often it is worked off', async () => {
    await mailsAfter({ ...byHerself, credentialType: 'otp' });
    await world.records.pool.query(
      `update inbox set done_at = null, next_attempt_at = now() where told_at is not null`,
    );

    await world.work();
    await world.runJobs();

    expect(world.mails).toHaveLength(1);
  });

  test('what is no change of that, or of nobody’s proof, is not mailed', async () => {
    const mails = await mailsAfter(
      { type: 'USER_UPDATE' },
      { ...byHerself, type: 'UPDATE_PROFILE', credentialType: 'otp' },
      { ...byHerself, credentialType: 'some-other-type' },
      { ...byHerself, credentialType: 'constructor' },
      { ...byHerself },
      { type: 'constructor' },
    );

    expect(mails).toEqual([]);
  });

  test('an address that nobody proved is told nothing', async () => {
    user = await world.madeInConsole({ email: `${randomUUID()}@shop.example`, emailVerified: false });

    expect(await mailsAfter({ ...byHerself, credentialType: 'otp' })).toEqual([]);
  });
});
