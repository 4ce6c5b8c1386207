import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GraphWorld, herself, nobody, openGraph, service, staff } from '../../support/graph-world.ts';

let world: GraphWorld;
let turn = 0;
let id: string;
let other: string;
const me = () => herself(`s${turn}`);

const update = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename
  ... on CustomerPayload { customer { id version displayName givenName familyName birthDate locale country } }
  ... on UserError { code message path } ... on ValidationError { issues { path rule message } }
  ... on VersionConflictError { currentVersion } } }`;
const status = `mutation ($input: ChangeStatusInput!) { changeStatus(input: $input) { __typename
  ... on CustomerPayload { customer { id version status } }
  ... on UserError { code path } ... on StepUpRequiredError { acr authUrl } ... on VersionConflictError { currentVersion } } }`;

async function changed(actor: Parameters<GraphWorld['ask']>[0], input: object): Promise<any> {
  const { data, errors } = await world.ask(actor, update, { input });
  return data?.['updateProfile'] ?? errors?.[0]?.extensions;
}

async function turned(actor: Parameters<GraphWorld['ask']>[0], input: object): Promise<any> {
  const { data, errors } = await world.ask(actor, status, { input });
  return data?.['changeStatus'] ?? errors?.[0]?.extensions;
}

beforeAll(async () => {
  world = await openGraph();
  other = await world.customer('other', 'other@example.com');
});
beforeEach(async () => {
  turn += 1;
  id = await world.customer(`s${turn}`, `s${turn}@example.com`, { profile: { givenName: 'Ann' } });
});
afterAll(() => world[Symbol.asyncDispose]());

describe('changing one’s profile (FR-3)', () => {
  test('every field is changed at once, in six statements at most, and read back', async () => {
    world.statements();

    const answer = await changed(me(), {
      expectedVersion: 1,
      displayName: ' annie ',
      givenName: 'Änn',
      familyName: 'Lee',
      birthDate: '1990-12-31',
      locale: 'de-de',
      country: 'de',
    });

    const statements = world.statements();
    expect(statements.filter((text) => text.includes('jobs.'))).toHaveLength(1);
    expect(statements.length).toBeLessThanOrEqual(6);
    expect(answer.customer).toEqual({
      id,
      version: 2,
      displayName: 'annie',
      givenName: 'Änn',
      familyName: 'Lee',
      birthDate: '1990-12-31',
      locale: 'de-DE',
      country: 'DE',
    });
  });

  test('what is left out stays, and null takes away', async () => {
    await changed(me(), { expectedVersion: 1, familyName: 'Lee' });

    const answer = await changed(me(), { expectedVersion: 2, givenName: null });

    expect(answer.customer).toMatchObject({ version: 3, givenName: null, familyName: 'Lee' });
  });

  test('a change that changes nothing leaves the version alone', async () => {
    expect((await changed(me(), { expectedVersion: 1, givenName: 'Ann' })).customer.version).toBe(1);
  });

  test('of two changes made on one version the second one is told, with the version there is now', async () => {
    await changed(me(), { expectedVersion: 1, givenName: 'One' });

    expect(await changed(me(), { expectedVersion: 1, givenName: 'Two' })).toMatchObject({
      __typename: 'VersionConflictError',
      code: 'VERSION_CONFLICT',
      currentVersion: 2,
    });
  });

  test('everything that is wrong is told at once, without the values', async () => {
    const answer = await changed(me(), {
      expectedVersion: 1,
      givenName: 'secret\u0007',
      birthDate: '1899-12-31',
      locale: '!!',
    });

    expect(answer.__typename).toBe('ValidationError');
    expect(answer.issues.map(({ path }: { path: string[] }) => path.join('.')).toSorted()).toEqual([
      'birthDate',
      'givenName',
      'locale',
    ]);
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  test.each([
    ['displayName', 'x'.repeat(61)],
    ['displayName', 'a\u202eb'],
    ['givenName', 'x'.repeat(101)],
    ['givenName', 'x'.repeat(1_000_000)],
    ['givenName', 'a\u0000b'],
    ['familyName', '\ud800'],
    ['birthDate', '3000-01-01'],
    ['birthDate', '1899-12-31'],
    ['birthDate', '2023-02-30'],
    ['birthDate', '31.12.1990'],
    ['locale', 'xx-nonsense-nonsense-nonsense-nonsense'],
    ['locale', 'de_DE'],
    ['country', 'XX'],
    ['country', 'Germany'],
  ])('%s cannot be so', async (field, value) => {
    expect(await changed(me(), { expectedVersion: 1, [field]: value })).toMatchObject({
      __typename: 'ValidationError',
      code: 'VALIDATION',
      path: [field],
    });
  });

  test('another’s id is as unknown as none', async () => {
    const unknown = '019abcde-0000-7000-8000-000000000001';

    for (const customerId of [other, unknown, 'x', '\u0000']) {
      expect(await changed(me(), { customerId, expectedVersion: 1, givenName: 'X', reason: 'because' })).toMatchObject({
        __typename: 'NotFoundError',
      });
    }
    expect((await changed(me(), { customerId: id, expectedVersion: 1, givenName: 'X' })).customer.givenName).toBe('X');
  });

  test('nobody, and services without the permission, change nothing', async () => {
    expect(await changed(nobody, { expectedVersion: 1 })).toEqual({ code: 'UNAUTHENTICATED' });
    expect(await changed(service, { customerId: id, expectedVersion: 1, reason: 'x' })).toEqual({ code: 'FORBIDDEN' });
  });
});

describe('staff changes a profile (§7)', () => {
  const clerk = staff('customer:read', 'customer:write');

  test('with a reason, which the audit keeps', async () => {
    const answer = await changed(clerk, {
      customerId: id,
      expectedVersion: 1,
      locale: 'en-GB',
      reason: 'asked by phone',
    });

    const { rows } = await world.records.pool.query(
      `select action, actor_type, reason from audit_entry where customer_id = $1 order by sequence desc limit 1`,
      [id],
    );
    expect(answer.customer).toMatchObject({ id, version: 2, locale: 'en-GB', givenName: null });
    expect(rows).toEqual([{ action: 'PROFILE_CHANGED', actor_type: 'staff', reason: 'asked by phone' }]);
  });

  test.each([undefined, '', '  ', 'x'.repeat(501), 'a\u0000b', '\ud800'])(
    'not without a good one (%j)',
    async (reason) => {
      expect(await changed(clerk, { customerId: id, expectedVersion: 1, locale: 'en', reason })).toMatchObject({
        __typename: 'ValidationError',
        path: ['reason'],
      });
    },
  );

  test('not somebody unknown', async () => {
    for (const customerId of ['019abcde-0000-7000-8000-000000000001', 'x', '\ud800']) {
      expect(await changed(clerk, { customerId, expectedVersion: 1, reason: 'x' })).toMatchObject({
        code: 'NOT_FOUND',
      });
    }
  });
});

describe('opening and closing accounts (§3.6)', () => {
  const clerk = staff('customer:read', 'customer:write');
  const reason = 'fraud case 12';

  test('staff suspends and opens again', async () => {
    const suspended = await turned(clerk, { customerId: id, expectedVersion: 1, status: 'SUSPENDED', reason });
    const opened = await turned(clerk, { customerId: id, expectedVersion: 2, status: 'ACTIVE', reason });

    expect(suspended.customer).toEqual({ id, version: 2, status: 'SUSPENDED' });
    expect(opened.customer).toEqual({ id, version: 3, status: 'ACTIVE' });
  });

  test('whoever is suspended neither reads nor changes herself', async () => {
    await turned(clerk, { customerId: id, expectedVersion: 1, status: 'SUSPENDED', reason });

    expect((await world.ask(me(), '{ me { id } }')).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    expect(await changed(me(), { expectedVersion: 2, givenName: 'X' })).toMatchObject({ code: 'STATUS_CONFLICT' });
  });

  test('a customer closes her own account', async () => {
    expect((await turned(me(), { expectedVersion: 1, status: 'DEACTIVATED', reason: 'moving' })).__typename).toBe(
      'CustomerPayload',
    );
    expect(await turned(herself('other'), { expectedVersion: 1, status: 'SUSPENDED', reason: 'x' })).toEqual({
      code: 'FORBIDDEN',
    });
  });

  test('a status that cannot follow, a stale version and a proof that is too old are answers', async () => {
    const stale = { ...clerk, authTime: Date.now() / 1000 - 301 };

    expect(await turned(clerk, { customerId: id, expectedVersion: 1, status: 'ERASED', reason })).toMatchObject({
      __typename: 'ValidationError',
      code: 'STATUS_CONFLICT',
      path: ['status'],
    });
    expect(await turned(clerk, { customerId: id, expectedVersion: 9, status: 'SUSPENDED', reason })).toMatchObject({
      __typename: 'VersionConflictError',
      currentVersion: 1,
    });
    expect(await turned(stale, { customerId: id, expectedVersion: 1, status: 'SUSPENDED', reason })).toMatchObject({
      __typename: 'StepUpRequiredError',
      acr: '2',
    });
  });
});
