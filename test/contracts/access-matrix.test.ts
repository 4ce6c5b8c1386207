import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { execute, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Ctx } from '../../src/context.ts';
import { type Actor, fieldViews, nobody, type Permission, permissions, viewOf } from '../../src/domain/access.ts';
import { type AccountStatus, accountStatuses } from '../../src/domain/account-status.ts';
import type { CustomerReads, CustomerRow, Person } from '../../src/read-model/customers.ts';
import { schema } from '../../src/server/schema.ts';

interface RealmRole {
  name: string;
  composites?: { realm?: string[]; client?: { 'customer-api'?: string[] } };
}

const realm = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../keycloak/realm/customer.json'), 'utf8')) as {
  roles: { realm: RealmRole[] };
};

const person: Person = {
  displayName: 'Display',
  givenName: 'Given',
  familyName: 'Family',
  email: 'a@example.com',
  emailLookup: 'a@example.com',
  emailVerifiedAt: null,
  pendingEmail: null,
  pendingPhone: null,
  phone: {
    number: '+4915112345678',
    region: 'DE',
    national: '01511 2345678',
    verified: true,
    pending: null,
  },
  birthDate: '1990-01-01',
};

/** What the permissions of a role are, its parts' included. */
function permissionsOf(name: string): Permission[] {
  const role = realm.roles.realm.find((one) => one.name === name);
  const own = role?.composites?.client?.['customer-api'] ?? [];
  const parts = (role?.composites?.realm ?? []).flatMap(permissionsOf);
  return permissions.filter((one) => [...own, ...parts].includes(one));
}

const roles = realm.roles.realm
  .map(({ name }) => name)
  .filter((name) => !name.startsWith('default-roles') && permissionsOf(name).length);

function actorOf(role: string): Actor {
  return { kind: 'person', id: role, permissions: new Set(permissionsOf(role)) };
}

/** Staff who act for the customer whose record is `own`: their own permissions do not count meanwhile. */
const actingStaff: Actor = {
  ...actorOf('customer'),
  id: 'support-pii',
  acting: {
    id: '019abcde-0000-7000-8000-000000000002',
    customerId: '019abcde-0000-7000-8000-000000000001',
    reason: 'A reason.',
    write: true,
    by: { issuer: 'i', subject: 'support-pii' },
    until: new Date(0),
  },
};

const fields = `id version status displayName givenName familyName email { address } emailLookup identity { subject }
  birthDate locale country createdAt lastActivityAt checkoutEligibility { allowed } sessions { id }
  credentials { kind } phone { number }`;
const asEntity = parse(`query ($all: [_Any!]!) { _entities(representations: $all) { ... on Customer { ${fields} } } }`);
const asMe = parse(`{ me { ${fields} } }`);
const id = '019abcde-0000-7000-8000-000000000001';

function contextOf(actor: Actor, own: boolean, status: AccountStatus, router: boolean): { app: Ctx } {
  const row = {
    id,
    status,
    version: 3,
    sequence: 4,
    emailVerified: true,
    locale: 'de-DE',
    country: 'DE',
    createdAt: new Date(0),
    lastActivityAt: new Date(0),
    identity: { issuer: 'i', subject: 's' },
    own,
    view: viewOf(actor, own, status),
  } as unknown as CustomerRow;
  const reads = {
    find: async () => row,
    own: async () => row,
    person: async () => person,
    noted: async () => undefined,
  };
  const customers = reads as unknown as CustomerReads;
  const keycloak = { credentialsOf: async () => [] };
  // No session, and a link whose credentials are asked for.
  const query = async ({ text }: { text: string }) => ({ rows: /identity_link/.test(text) ? [{ subject: 's' }] : [] });
  const config = { session: { idleSeconds: 60 }, keycloak: { issuer: 'i' } };
  const parts = { keycloak, pool: { query }, clock: { now: () => new Date() }, config };
  return { app: { ...parts, actor, customers, request: { router } } as unknown as Ctx };
}

function shownOf(customer: unknown): string[] {
  return Object.entries(customer ?? {}).flatMap(([field, value]) => (value === null ? [] : [field]));
}

/** The fields that somebody sees of a customer in a status, through the router. */
async function seen(actor: Actor, own: boolean, status: AccountStatus): Promise<string[]> {
  const variableValues = { all: [{ __typename: 'Customer', id }] };
  const contextValue = contextOf(actor, own, status, true);
  const { data, errors } = await execute({ schema, document: asEntity, variableValues, contextValue });
  expect(errors).toBeUndefined();
  const found = (data?.['_entities'] ?? []) as unknown[];
  return shownOf(found[0]);
}

async function matrix(): Promise<string> {
  const lines: string[] = [];
  for (const own of [true, false]) {
    for (const [name, actor] of [
      ['nobody', nobody],
      ...roles.map((role) => [role, actorOf(role)]),
      ['acting', actingStaff],
    ] as [string, Actor][]) {
      for (const status of accountStatuses) {
        const fields = await seen(actor, own, status);
        lines.push(`${own ? 'own' : 'other'} ${name} ${status}: ${fields.join(' ')}`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

describe('who sees what of a customer (access, spec §7)', () => {
  test('every role sees of every customer, in every status, exactly the fields of the table', async () => {
    await expect(await matrix()).toMatchFileSnapshot('access-matrix.txt');
  });

  test('a stranger sees id and display name, whatever the status', async () => {
    for (const status of accountStatuses) expect(await seen(nobody, false, status)).toEqual(['id', 'displayName']);
  });

  test('without the router’s credential the keys of other subgraphs are not even one’s own to see', async () => {
    const contextValue = contextOf(actorOf('customer'), true, 'ACTIVE', false);

    const { data } = await execute({ schema, document: asMe, contextValue });

    const keys = ['emailLookup', 'identity'];
    expect(shownOf(data?.['me']).toSorted()).toEqual(
      Object.keys(fieldViews)
        .filter((field) => !keys.includes(field))
        .toSorted(),
    );
  });

  test('the question above asks for every field there is', () => {
    const customer = schema.getType('Customer');

    expect(Object.keys(customer && 'getFields' in customer ? customer.getFields() : {}).toSorted()).toEqual(
      Object.keys(fieldViews).toSorted(),
    );
  });

  test('no staff permission shows a personal field without customer:pii', async () => {
    const personal = ['givenName', 'familyName', 'email', 'emailLookup', 'identity', 'birthDate'];

    for (const permission of permissions.filter((one) => one !== 'customer:pii')) {
      const staff: Actor = { kind: 'person', id: 'x', permissions: new Set([permission, 'customer:read']) };
      expect((await seen(staff, false, 'ACTIVE')).filter((field) => personal.includes(field))).toEqual([]);
    }
  });
});
