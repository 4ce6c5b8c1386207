import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { receiveDeliveries, workDeliveries } from '../../../src/features/identity/identity.events.ts';
import { grantAlarms, type RoleGrant } from '../../../src/features/identity/role-grants.ts';
import type { DoubleUser } from '../../support/keycloak-double.ts';
import { IdentityWorld } from '../../support/identity-world.ts';

let world: IdentityWorld;
beforeAll(async () => {
  world = await IdentityWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());

const person = (roles: string[]): DoubleUser =>
  world.keycloak.add({ email: `${randomUUID()}@example.org`, emailVerified: true, roles: ['customer', ...roles] });
const program = (roles: string[]): DoubleUser =>
  world.keycloak.add({ email: '', username: 'service-account-orders', serviceAccountClientId: 'orders', roles });

const given = (userId: string | undefined, by: string, type = 'REALM_ROLE_MAPPING_CREATE', roleClientId?: string) => ({
  id: randomUUID(),
  realm: 'customer',
  kind: 'admin',
  type,
  userId,
  roleClientId,
  time: Date.now(),
  actor: { type: by, id: 'the-admin' },
});

/** Delivers and works off; returns what was counted. */
async function counted(...events: object[]): Promise<RoleGrant[]> {
  const grants: RoleGrant[] = [];
  await receiveDeliveries(world.parts, events);
  while (await workDeliveries(world.parts, (grant) => grants.push(grant)));
  return grants;
}

describe('a staff role that is granted raises an alarm (access)', () => {
  test('to a person, by staff: counted, told with ids only, and kept', async () => {
    const { id, email } = person(['support-pii', 'default-roles-customer']);
    const event = given(id, 'staff');
    world.logged.length = 0;

    expect(await counted(event)).toEqual([{ to: 'person', by: 'staff' }]);

    const line = world.logged.map((text) => JSON.parse(text)).find(({ alarm }) => alarm === 'staff-role-granted');
    expect(line).toMatchObject({ level: 40, subject: id, to: 'person', by: 'staff', actorId: 'the-admin' });
    expect(line.roles).toEqual(['support-pii']);
    expect(world.logged.join('')).not.toContain(email);
    const { rows } = await world.records.pool.query('select * from role_grant where event_id = $1', [event.id]);
    expect(rows).toMatchObject([{ subject: id, granted_to: 'person', granted_by: 'staff', roles: ['support-pii'] }]);
    expect(await grantAlarms(world.parts)).toEqual({ 'staff-role-granted': true, 'staff-role-of-a-service': false });
  });

  test.each([
    ['a role of the realm that we do not know', ['made-in-the-console'], 'REALM_ROLE_MAPPING_CREATE'],
    ['a role of a client, whichever it is', [], 'CLIENT_ROLE_MAPPING_CREATE'],
    ['a group that brings it', ['support'], 'GROUP_MEMBERSHIP_CREATE'],
    ['a role for programs, to a person', ['login-service'], 'REALM_ROLE_MAPPING_CREATE'],
  ])('%s counts', async (_what, roles, type) => {
    expect(await counted(given(person(roles).id, 'staff', type))).toEqual([{ to: 'person', by: 'staff' }]);
  });

  test('a role or a group that gives more from now on counts: whoever has it was given that', async () => {
    expect(await counted(given(undefined, 'staff', 'REALM_ROLE_WIDENED'))).toEqual([{ to: 'holders', by: 'staff' }]);
  });

  test('to a service account, and by one', async () => {
    await world.records.pool.query('delete from role_grant');

    expect(await counted(given(program(['service', 'admin']).id, 'staff'))).toEqual([{ to: 'service', by: 'staff' }]);
    expect((await grantAlarms(world.parts))['staff-role-of-a-service']).toBe(true);
    await world.records.pool.query('delete from role_grant');
    expect(await counted(given(person(['support']).id, 'service'))).toEqual([{ to: 'person', by: 'service' }]);
    expect((await grantAlarms(world.parts))['staff-role-of-a-service']).toBe(true);
  });

  test.each([
    ['a customer who is given what every customer has', () => person(['offline_access', 'uma_authorization'])],
    ['a program that is given what is made for programs', () => program(['service', 'checkout', 'notifications'])],
  ])('%s is none', async (_who, user) => {
    expect(await counted(given(user().id, 'staff'))).toEqual([]);
  });

  test('which client it was is kept', async () => {
    const event = given(person([]).id, 'staff', 'CLIENT_ROLE_MAPPING_CREATE', 'the-client');

    await counted(event);

    const { rows } = await world.records.pool.query('select roles from role_grant where event_id = $1', [event.id]);
    expect(rows).toEqual([{ roles: ['client the-client'] }]);
  });

  test('neither is taking a role away, nor any other change of staff', async () => {
    const { id } = person(['support']);

    expect(await counted(given(id, 'staff', 'REALM_ROLE_MAPPING_DELETE'), given(id, 'staff', 'USER_UPDATE'))).toEqual(
      [],
    );
  });

  test('an event that comes twice counts once, and one that comes while Keycloak is down is not lost', async () => {
    const event = given(person(['support']).id, 'staff');
    world.keycloak.mode = 'down';
    expect(await counted(event)).toEqual([]);
    world.keycloak.mode = 'up';
    world.advance(3_600_000);

    expect(await counted()).toEqual([{ to: 'person', by: 'staff' }]);
    await world.records.pool.query('update inbox set done_at = null where message_id = $1', [event.id]);
    expect(await counted()).toEqual([]);
  });

  test('a user who is gone again is nobody’s alarm', async () => {
    const { id } = person(['support']);
    world.keycloak.users.delete(id);

    expect(await counted(given(id, 'staff'))).toEqual([]);
  });
});
