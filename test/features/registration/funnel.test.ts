import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../../src/domain/errors.ts';
import { register } from '../../../src/features/registration/registration-service.ts';
import { IdentityWorld } from '../../support/identity-world.ts';

let world: IdentityWorld;
beforeEach(async () => {
  world = await IdentityWorld.open();
});
afterEach(() => world[Symbol.asyncDispose]());

const form = () => ({
  email: 'anna@shop.example',
  locale: 'de',
  country: 'AT',
  consents: [],
  idempotencyKey: randomUUID(),
});
/** She opens the mail's link. */
const prove = async (): Promise<void> => {
  const user = [...world.keycloak.users.values()].at(-1) ?? expect.fail('no user');
  Object.assign(user, { emailVerified: true, requiredActions: [] });
  await world.told({ type: 'VERIFY_EMAIL', userId: user.id, by: 'customer' });
};

describe('how far registrations come is counted (spec §1)', () => {
  test('a new address: started, accepted with the link, verified once however often we look', async () => {
    await register(world.ctx(), form());
    expect(world.counted).toEqual(['started', 'accepted']);

    await prove();
    await prove();

    expect(world.counted).toEqual(['started', 'accepted', 'verified']);
  });

  test('an address that has an owner comes no further, and is counted apart', async () => {
    await register(world.ctx(), form());
    await prove();
    world.counted.length = 0;

    await register(world.ctx(), form());

    expect(world.counted).toEqual(['started', 'known']);
  });

  test('one whose link cannot be mailed was only started', async () => {
    world.keycloak.mode = 'no-mail';

    await expect(register(world.ctx(), form())).rejects.toBeInstanceOf(Unavailable);

    expect(world.counted).toEqual(['started']);
  });

  test('whom staff made did not register', async () => {
    const user = await world.madeInConsole({ email: 'ida@shop.example', emailVerified: false });
    Object.assign(user, { emailVerified: true });
    await world.told({ type: 'USER_UPDATE', userId: user.id });

    expect(world.counted).toEqual([]);
  });
});

describe('an account that Keycloak locks is an incident (spec §1)', () => {
  test.each(['USER_DISABLED_BY_TEMPORARY_LOCKOUT', 'USER_DISABLED_BY_PERMANENT_LOCKOUT'])('%s', async (type) => {
    const user = await world.madeInConsole({ email: 'ida@shop.example', emailVerified: true });

    await world.told({ type, userId: user.id, by: 'system' });
    await world.work();

    expect(world.counted).toEqual(['lockout']);
  });

  test('nothing else that we are told is one', async () => {
    const user = await world.madeInConsole({ email: 'ida@shop.example', emailVerified: true });

    await world.told({ type: 'UPDATE_PROFILE', userId: user.id }, { type: 'LOGOUT', sessionId: 's', by: 'customer' });

    expect(world.counted).toEqual([]);
  });
});
