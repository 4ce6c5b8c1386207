import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../../src/domain/errors.ts';
import { KeycloakUsers } from '../../../src/platform/keycloak.ts';
import { type GraphWorld, herself, nobody, openGraph, service, staff } from '../../support/graph-world.ts';
import { type DoubleUser, type KeycloakDouble, startKeycloakDouble } from '../../support/keycloak-double.ts';

let world: GraphWorld;
let keycloak: KeycloakDouble;
let users: KeycloakUsers;
let ann: DoubleUser;
let id: string;

const createdDate = Date.UTC(2026, 10, 24, 10);
const credentials = [
  { id: 'c1', type: 'password', createdDate },
  { id: 'c2', type: 'otp', userLabel: 'Ann’s phone', createdDate },
  { id: 'c3', type: 'webauthn-passwordless', userLabel: '', createdDate },
  { id: 'c4', type: 'recovery-authn-codes', createdDate },
  { id: 'c5', type: 'customer-trusted-device', createdDate },
  { id: 'c6', type: 'constructor', createdDate },
];

beforeAll(async () => {
  keycloak = await startKeycloakDouble();
  users = new KeycloakUsers(keycloak.access, { now: () => new Date() }, (seconds) => new Unavailable(seconds));
  world = await openGraph({ keycloak: users });
  const federatedIdentities = [{ identityProvider: 'auth0', userId: 'auth0|ann' }];
  ann = keycloak.add({ email: 'ann@example.com', credentials, federatedIdentities });
  id = await world.customer(ann.id, 'ann@example.com');
  await world.customer('bob', 'bob@example.com');
});
beforeEach(() => {
  keycloak.mode = 'up';
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await keycloak.stop();
});

const fields = 'credentials { id kind label createdAt lastUsedAt }';
const other = `query ($id: ID!) { customer(id: $id) { status ${fields} } }`;

describe('what a customer proves with who she is (contracts: subgraph, Customer.credentials)', () => {
  test('she sees what Keycloak has, with the names she gave; what proves nothing is not in it', async () => {
    const { data } = await world.ask(herself(ann.id), `{ me { ${fields} } }`);

    const createdAt = new Date(createdDate).toISOString();
    const rest = { createdAt, lastUsedAt: null };
    expect(data?.['me'].credentials).toEqual([
      { id: 'c1', kind: 'PASSWORD', label: null, ...rest },
      { id: 'c2', kind: 'TOTP', label: 'Ann’s phone', ...rest },
      { id: 'c3', kind: 'PASSKEY', label: null, ...rest },
      { id: 'c4', kind: 'RECOVERY_CODES', label: null, ...rest },
      { id: 'social-auth0', kind: 'SOCIAL', label: null, createdAt: expect.any(String), lastUsedAt: null },
    ]);
  });

  test('services and staff see the kinds, only who sees personal fields the names', async () => {
    const labels = async (actor: Parameters<GraphWorld['ask']>[0]): Promise<unknown[]> =>
      (await world.ask(actor, other, { id })).data?.['customer'].credentials.map(({ label }: any) => label);

    expect(await labels(service)).toEqual([null, null, null, null, null]);
    expect(await labels(staff('customer:read'))).toEqual([null, null, null, null, null]);
    expect(await labels(staff('customer:read', 'customer:pii'))).toEqual([null, 'Ann’s phone', null, null, null]);
  });

  test('a list of customers costs one statement more, and staff who see the names leave a trace', async () => {
    const query = `{ customers(first: 10) { edges { node { id ${fields} } } } }`;
    world.statements();

    const { data } = await world.ask(service, query);
    expect(data?.['customers'].edges.map(({ node }: any) => node.credentials.length).toSorted()).toEqual([0, 5]);
    expect(world.statements()).toHaveLength(2);

    const traces = `select count(*)::int as n from audit_entry where action = 'STAFF_ACCESS' and customer_id = $1`;
    const count = async () => (await world.records.pool.query<{ n: number }>(traces, [id])).rows[0]?.n;
    const before = (await count()) ?? 0;
    await world.ask(staff('customer:read'), other, { id });
    expect(await count()).toBe(before);
    await world.ask(staff('customer:read', 'customer:pii'), other, { id });
    expect(await count()).toBe(before + 1);
  });

  test('strangers see none, and Keycloak is not asked', async () => {
    keycloak.calls.length = 0;
    const query = `query ($all: [_Any!]!) { _entities(representations: $all) { ... on Customer { id ${fields} } } }`;

    for (const actor of [nobody, herself('bob')]) {
      const { data } = await world.ask(actor, query, { all: [{ __typename: 'Customer', id }] });
      expect(data?.['_entities']).toEqual([{ id, credentials: null }]);
    }
    expect(keycloak.calls).toEqual([]);
  });

  test('whoever was deleted at Keycloak has none', async () => {
    const { data } = await world.ask(herself('bob'), `{ me { ${fields} } }`);

    expect(data?.['me'].credentials).toEqual([]);
  });

  test('while Keycloak is away only this field is', async () => {
    keycloak.mode = 'down';

    const { data, errors } = await world.ask(service, other, { id });

    expect(data?.['customer']).toEqual({ status: 'ACTIVE', credentials: null });
    expect(errors?.map(({ extensions }) => extensions?.code)).toEqual(['PROVIDER_UNAVAILABLE']);
  });
});
