import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reconcile } from '../../../src/features/identity/reconcile.ts';
import { isTooMany } from '../../../src/features/identity/sweep.ts';
import { forUpdate } from '../../../src/messaging/for-update.ts';
import type { DoubleUser } from '../../support/keycloak-double.ts';
import { IdentityWorld } from '../../support/identity-world.ts';

describe('both sides, and the sweep (issue 1, deliverable 9; decision 27)', () => {
  let world: IdentityWorld;
  let user: DoubleUser;
  let id: string;

  beforeEach(async () => {
    world = await IdentityWorld.open();
    user = await world.madeInConsole({
      email: 'a@shop.example',
      emailVerified: true,
      firstName: 'Old',
      lastName: 'Name',
    });
    await world.runJobs();
    id = (await world.customerOf(user.id)) ?? expect.fail('no customer');
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const changeHere = (givenName: string, locale?: string) =>
    world.parts.transactAs(
      { actor: { kind: 'person', id: user.id, permissions: new Set(['customer:self']) }, requestId: 'test' },
      async (em) => {
        const account = await forUpdate(em, id);
        account.updateProfile({ givenName, locale }, account.version, { at: world.parts.clock.now(), by: 'SELF' });
        await world.parts.work.enqueue(em, 'identity.tell-provider', id);
      },
    );
  const changeThere = (firstName: string) => {
    user.firstName = firstName;
  };
  const names = async () => [(await world.show(id))?.givenName, world.keycloak.users.get(user.id)?.firstName];
  const echo = () => world.told({ type: 'USER_UPDATE', userId: user.id, by: 'service' });

  test('changed here, it goes there, and its echo is no news', async () => {
    await changeHere('Mine');
    await world.runJobs();
    const before = await world.facts(id);
    await echo();

    expect(await names()).toEqual(['Mine', 'Mine']);
    expect(await world.facts(id)).toEqual(before);
  });

  test('changed there first and here later: ours counts', async () => {
    changeThere('Theirs');
    await changeHere('Mine');
    await world.runJobs();
    await world.told({ type: 'USER_UPDATE', userId: user.id, agoMs: 60_000 });
    await world.runJobs();
    await echo();

    expect(await names()).toEqual(['Mine', 'Mine']);
  });

  test('changed here first and there later: theirs counts', async () => {
    await changeHere('Mine');
    world.advance(5_000);
    changeThere('Theirs');
    await world.told({ type: 'USER_UPDATE', userId: user.id });
    await world.runJobs();

    expect(await names()).toEqual(['Theirs', 'Theirs']);
  });

  test('a language that she chose at Keycloak later makes no older name there the later one', async () => {
    changeThere('Theirs');
    await changeHere('Mine');
    world.advance(5_000);
    user.attributes['locale'] = ['de'];
    await world.told(
      { type: 'USER_UPDATE', userId: user.id, agoMs: 60_000 },
      { type: 'UPDATE_PROFILE', userId: user.id, by: 'customer' },
    );
    await world.runJobs();

    expect(await names()).toEqual(['Mine', 'Mine']);
    expect((await world.show(id))?.locale).toBe('de');
  });

  describe('what Keycloak’s rules refuse', () => {
    const writes = () => world.keycloak.calls.filter((call) => call.startsWith('PUT')).length;
    const refused = async () => (await reconcile(world.parts, true)).refused;
    beforeEach(async () => {
      world.keycloak.forbids = ({ firstName }) => (firstName === 'Forbidden' ? ['firstName'] : []);
      await changeHere('Forbidden', 'de');
      await world.runJobs();
    });

    test('does not keep the rest from getting there, and is reported by name', async () => {
      expect(world.keycloak.users.get(user.id)).toMatchObject({ firstName: 'Old', attributes: { locale: ['de'] } });
      expect(await refused()).toEqual([{ customerId: id, fields: ['givenName'] }]);
      expect(world.logged.join('')).not.toContain('Forbidden');
    });

    test('is tried again by neither the sweep nor our own echo, but by whoever reconciles', async () => {
      await echo();
      await world.runJobs();
      const before = writes();
      await world.run('identity.sweep');
      await world.runJobs();
      expect(writes()).toBe(before);

      world.keycloak.forbids = () => [];
      await reconcile(world.parts, false);
      await world.runJobs();
      expect(await names()).toEqual(['Forbidden', 'Forbidden']);
      expect(await refused()).toEqual([]);
    });

    test('is forgotten once she has another name, here or there', async () => {
      await changeHere('Mine');
      await world.runJobs();
      expect(await refused()).toEqual([]);

      await changeHere('Forbidden');
      await world.runJobs();
      expect(await refused()).toHaveLength(1);
      world.advance(5_000);
      changeThere('Theirs');
      await world.told({ type: 'USER_UPDATE', userId: user.id });
      expect(await names()).toEqual(['Theirs', 'Theirs']);
      expect(await refused()).toEqual([]);
    });
  });

  test('the sweep closes an account at the second sighting of an absence', async () => {
    world.keycloak.users.delete(user.id);
    await world.run('identity.sweep');
    await world.run('identity.sweep');
    expect(await world.show(id)).toMatchObject({ status: 'ACTIVE' });

    world.advance(61_000);
    await world.run('identity.sweep');
    expect(await world.show(id)).toMatchObject({ status: 'DEACTIVATED' });
  });

  test('a customer who is closed has nothing to lose by a missing user', async () => {
    world.keycloak.users.delete(user.id);
    expect(await reconcile(world.parts, true)).toMatchObject({ links: 1, missing: 1 });

    await world.told({ type: 'USER_DELETE', userId: user.id });

    expect(await world.show(id)).toMatchObject({ status: 'DEACTIVATED' });
    expect(await reconcile(world.parts, true)).toMatchObject({ links: 1, missing: 0 });
  });

  test('a restored Keycloak closes nobody: the sweep stops with an alarm', async () => {
    for (const n of [1, 2, 3]) await world.madeInConsole({ email: `b${n}@shop.example`, emailVerified: true });
    world.keycloak.users.clear();
    for (let n = 0; n < 3; n++) {
      await world.run('identity.sweep');
      world.advance(61_000);
    }

    const { rows } = await world.records.pool.query('select distinct status from customer');
    expect(rows).toEqual([{ status: 'ACTIVE' }]);
    expect(world.logged.join('')).toContain('sweep-stopped');
    expect([isTooMany(20, 500, 20), isTooMany(21, 500, 20), isTooMany(2, 1500, 20)]).toEqual([false, true, true]);
  });

  test('reconciling finds users that no event told of; a dry run changes nothing', async () => {
    world.keycloak.add({ email: 'c@shop.example', emailVerified: true });

    expect(await reconcile(world.parts, true)).toMatchObject({ users: 2, links: 1, withoutCustomer: 1, missing: 0 });
    expect(await world.count('customer')).toBe(1);
    expect(await reconcile(world.parts, false)).toMatchObject({ withoutCustomer: 1, stopped: false });
    expect(await world.count('customer')).toBe(2);
  });
});
