import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../../src/domain/errors.ts';
import { reconcile } from '../../../src/features/identity/reconcile.ts';
import { sweepRows } from '../../../src/features/identity/sweep-rows.ts';
import { KeycloakRows } from '../../../src/platform/keycloak-rows.ts';
import type { DoubleUser } from '../../support/keycloak-double.ts';
import { IdentityWorld } from '../../support/identity-world.ts';

const load = { batch: 3, budgetMs: 60_000 };
let world: IdentityWorld;
let rows: KeycloakRows;

beforeEach(async () => {
  world = await IdentityWorld.open();
  const { pool } = world.parts;
  await pool.query(`create schema kc; create table kc.realm (id text primary key, name text);
    create table kc.user_entity (id varchar(36) primary key, realm_id text, username text, email text, email_verified boolean,
      enabled boolean, first_name text, last_name text, service_account_client_link text, created_timestamp bigint);
    create table kc.user_attribute (user_id varchar(36), name text, value text);
    insert into kc.realm values ('r', 'customer'), ('o', 'other')`);
  const inSchema = { query: async (query: { text: string }) => pool.query({ ...query, text: withSchema(query.text) }) };
  rows = new KeycloakRows(inSchema as never, 'customer');
});
afterEach(() => world[Symbol.asyncDispose]());

const withSchema = (text: string): string =>
  text.replaceAll(/\b(user_entity|user_attribute|realm)\b(?= (u|where))/g, 'kc.$1');

/** Writes the double's users as Keycloak's tables have them. */
async function store(): Promise<void> {
  const { pool } = world.parts;
  await pool.query('truncate kc.user_entity, kc.user_attribute');
  for (const user of world.keycloak.users.values()) {
    await pool.query('insert into kc.user_entity values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
      user.id,
      'r',
      user.username,
      user.email,
      user.emailVerified,
      user.enabled,
      user.firstName ?? null,
      user.lastName ?? null,
      user.serviceAccountClientId ?? null,
      user.createdTimestamp,
    ]);
    for (const [name, [value]] of Object.entries(user.attributes)) {
      await pool.query('insert into kc.user_attribute values ($1, $2, $3)', [user.id, name, value]);
    }
  }
}

const person = (n: number): Partial<DoubleUser> & { email: string } => ({
  email: `person${n}@example.org`,
  emailVerified: true,
  firstName: 'Ann',
  lastName: 'Kern',
  attributes: { locale: ['de'] },
});

/** As many customers, each written back to Keycloak and seen once more, as their events would lead to. */
async function customers(count: number): Promise<DoubleUser[]> {
  const users = [];
  for (let n = 0; n < count; n += 1) users.push(await world.madeInConsole(person(n)));
  await world.runJobs();
  await world.told(...users.map(({ id }) => ({ type: 'USER_UPDATE', userId: id })));
  return users;
}

const sweep = async () => {
  await store();
  world.keycloak.calls.length = 0;
  return sweepRows(world.parts, rows, load);
};

describe('a sweep that reads Keycloak’s own tables (facts/keycloak §3c)', () => {
  test('asks nothing about whoever is as she was, however many they are', async () => {
    await customers(8);

    expect(await sweep()).toEqual({ seen: 8, missing: 0, stopped: false, finished: true });
    expect(world.keycloak.calls).toEqual([]);
  });

  test('finds each change that had no event', async () => {
    const [renamed, proven, disabled, moved] = await customers(7);
    Object.assign(renamed as DoubleUser, { firstName: 'Annette' });
    Object.assign(proven as DoubleUser, { emailVerified: false });
    Object.assign(disabled as DoubleUser, { enabled: false });
    (moved as DoubleUser).attributes['locale'] = ['en'];
    const imported = world.keycloak.add(person(20));

    await sweep();

    const shown = async (user?: DoubleUser) => world.show(await world.customerOf(user?.id ?? ''));
    expect(await shown(renamed)).toMatchObject({ givenName: 'Annette' });
    expect(await shown(proven)).toMatchObject({ status: 'PENDING_VERIFICATION' });
    expect(await shown(disabled)).toMatchObject({ status: 'SUSPENDED' });
    expect(await shown(moved)).toMatchObject({ locale: 'en' });
    expect(await shown(imported)).toMatchObject({ email: imported.email });
    // The renamed, three more, and the new one: everybody else is not asked about.
    expect(world.keycloak.calls.filter((call) => /^GET users\/[^/]+$/.test(call))).toHaveLength(5);
  });

  test('leaves users of other realms and accounts of clients alone', async () => {
    await customers(2);
    world.keycloak.add({ ...person(9), serviceAccountClientId: 'some-client' });
    await store();
    await world.parts.pool.query("insert into kc.user_entity values ($1, 'o', 'x', 'x@example.org', true, true)", [
      randomUUID(),
    ]);

    expect(await sweepRows(world.parts, rows, load)).toMatchObject({ seen: 3, finished: true });
    expect(await world.count('identity_link')).toBe(2);
  });

  test('closes whoever is missing at the second sighting, and not while her row is merely unread', async () => {
    const [gone, ...others] = await customers(5);
    world.keycloak.users.delete(gone?.id ?? '');

    expect(await sweep()).toMatchObject({ missing: 1, finished: true });
    expect(await world.show(await world.customerOf(gone?.id ?? ''))).toMatchObject({ status: 'ACTIVE' });
    world.advance(61_000);
    await sweep();

    expect(await world.show(await world.customerOf(gone?.id ?? ''))).toMatchObject({ status: 'DEACTIVATED' });
    for (const { id } of others)
      expect(await world.show(await world.customerOf(id))).toMatchObject({ status: 'ACTIVE' });
  });

  test('stops with an alarm when a restored Keycloak knows many customers no more', async () => {
    const users = await customers(7);
    for (const { id } of users.slice(0, 4)) world.keycloak.users.delete(id);

    expect(await sweep()).toMatchObject({ stopped: true });
    world.advance(61_000);
    expect(await sweep()).toMatchObject({ stopped: true, seen: 0 });

    for (const { id } of users)
      expect(await world.show(await world.customerOf(id))).toMatchObject({ status: 'ACTIVE' });
    expect(world.logged.join('')).toContain('sweep-stopped');
  });

  test('goes on where a killed run was, and begins anew at the end', async () => {
    await customers(7);
    await store();

    expect(await sweepRows(world.parts, rows, { batch: 3, budgetMs: 0 })).toMatchObject({ seen: 3, finished: false });
    expect(await sweepRows(world.parts, rows, { batch: 3, budgetMs: 0 })).toMatchObject({ seen: 3, finished: false });
    expect(await sweepRows(world.parts, rows, { batch: 3, budgetMs: 0 })).toMatchObject({ seen: 1, finished: true });
    expect(await sweepRows(world.parts, rows, { batch: 3, budgetMs: 0 })).toMatchObject({ seen: 3, finished: false });
  });

  test('nothing counts as missing while Keycloak does not answer', async () => {
    const [gone] = await customers(3);
    world.keycloak.users.delete(gone?.id ?? '');
    await store();
    world.keycloak.mode = 'down';

    await expect(sweepRows(world.parts, rows, load)).rejects.toBeInstanceOf(Unavailable);

    const { rows: links } = await world.parts.pool.query('select from identity_link where missing_since is not null');
    expect(links).toHaveLength(0);
  });

  test('a comparison by hand reads the tables too', async () => {
    const [renamed] = await customers(4);
    Object.assign(renamed as DoubleUser, { lastName: 'Kern-Ott' });
    world.keycloak.add(person(30));
    await store();

    const found = await reconcile({ ...world.parts, keycloakRows: rows }, false);

    expect(found).toMatchObject({ users: 5, links: 4, withoutCustomer: 1, missing: 0, stopped: false });
    expect(await world.show(await world.customerOf(renamed?.id ?? ''))).toMatchObject({ familyName: 'Kern-Ott' });
  });
});
