import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyChains } from '../../../src/messaging/audit-chains.ts';
import { type GraphWorld, herself, nobody, openGraph, service, staff } from '../../support/graph-world.ts';

let world: GraphWorld;
let ann: string;
let bob: string;

const everyField = `id version status displayName givenName familyName email { address verified } emailLookup
  identity { subject } birthDate locale country createdAt lastActivityAt checkoutEligibility { allowed reasons }`;
const entities = `query ($all: [_Any!]!) { _entities(representations: $all) { ... on Customer { ${everyField} } } }`;
const profile = {
  givenName: 'Ann',
  familyName: 'Lee',
  displayName: 'annie',
  birthDate: '1990-12-31',
  locale: 'de-de',
  country: 'de',
};

/** How often staff looked, by customer. */
async function accesses(): Promise<Record<string, number>> {
  const { rows } = await world.records.pool.query<{ id: string; count: number }>(
    `select customer_id as id, count(*)::int as count from audit_entry where action = 'STAFF_ACCESS' group by 1`,
  );
  return Object.fromEntries(rows.map(({ id, count }) => [id, count]));
}

const ref = (key: object) => ({ __typename: 'Customer', ...key });

beforeAll(async () => {
  world = await openGraph();
  ann = await world.customer('ann', 'Ann@Example.com', { profile });
  bob = await world.customer('bob', 'bob@example.com');
});
afterAll(() => world[Symbol.asyncDispose]());

describe('reading customers in the graph (§4.3)', () => {
  test('a customer sees everything of herself, in one statement', async () => {
    world.statements();

    const { data } = await world.ask(herself('ann'), `{ me { ${everyField} } }`);

    expect(data?.['me']).toMatchObject({
      id: ann,
      version: 1,
      status: 'ACTIVE',
      displayName: 'annie',
      givenName: 'Ann',
      familyName: 'Lee',
      email: { address: 'Ann@Example.com', verified: true },
      emailLookup: 'ann@example.com',
      identity: { subject: 'ann' },
      birthDate: '1990-12-31',
      locale: 'de-DE',
      country: 'DE',
      checkoutEligibility: { allowed: true, reasons: [] },
    });
    expect(world.statements()).toHaveLength(1);
  });

  test('whoever is signed in without being a customer is nobody here', async () => {
    expect(await world.ask(herself('stranger'), '{ me { id } }')).toEqual({ data: { me: null } });
    expect(await world.ask(service, '{ me { id } }')).toEqual({ data: { me: null } });
  });

  test('nobody is asked to sign in, and a customer is not shown others by id', async () => {
    const { errors } = await world.ask(nobody, '{ me { id } }');
    const other = await world.ask(herself('ann'), `{ customer(id: "${bob}") { id } }`);

    expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
    expect(other.errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  });

  test('an unproven customer may not check out, and reads why', async () => {
    await world.customer('new', 'new@example.com', { emailVerified: false });

    const { data } = await world.ask(herself('new'), '{ me { checkoutEligibility { allowed reasons } } }');

    expect(data?.['me'].checkoutEligibility).toEqual({ allowed: false, reasons: ['EMAIL_UNVERIFIED'] });
  });

  test('staff without customer:pii sees the record and no keys are fetched for it', async () => {
    const { data } = await world.ask(
      staff('customer:read'),
      `{ customer(id: "${ann}") { version givenName email { address } locale } }`,
    );

    expect(data?.['customer']).toEqual({ version: 1, givenName: null, email: null, locale: 'de-DE' });
  });

  test('a look of staff at personal fields is one the customer can see', async () => {
    await world.ask(staff('customer:read', 'customer:pii'), `{ customer(id: "${bob}") { email { address } } }`);

    const { rows } = await world.records.pool.query(
      `select action, actor_type from audit_entry where customer_id = $1 order by sequence desc limit 1`,
      [bob],
    );
    expect(rows).toEqual([{ action: 'STAFF_ACCESS', actor_type: 'staff' }]);
  });

  test('a look at what is not personal, by a service, or at oneself leaves nothing', async () => {
    const seen = await accesses();
    const customer = (fields: string): string => `{ customer(id: "${bob}") { ${fields} } }`;
    const identity = { issuer: 'https://issuer.example/realms/customer', subject: 'bob' };
    const pii = ['customer:read', 'customer:pii'] as const;

    await world.ask(staff(...pii), customer('id displayName status locale country createdAt version'));
    await world.ask(staff('customer:read'), customer('email { address } birthDate'));
    await world.ask({ ...service, permissions: new Set(pii) }, customer('email { address }'));
    await world.ask({ ...staff(...pii, 'customer:self'), identity }, '{ me { email { address } } }');

    expect(await accesses()).toEqual(seen);
  });

  test.each(['givenName', 'familyName', 'email { address }', 'emailLookup', 'identity { subject }', 'birthDate'])(
    'a look of staff at %s is one, also among entities and in a list',
    async (field) => {
      const actor = staff('customer:read', 'customer:pii');
      const before = (await accesses())[bob] ?? 0;

      await world.ask(
        actor,
        `query ($all: [_Any!]!) { _entities(representations: $all) { ... on Customer { ${field} } } }`,
        {
          all: [ref({ id: bob }), ref({ id: bob })],
        },
      );
      await world.ask(actor, `{ customers(first: 100) { edges { node { id ${field} } } } }`);

      expect((await accesses())[bob]).toBe(before + 2);
    },
  );

  test('looks at a hundred customers are written at once, one for each', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 100; n += 1) ids.push(await world.customer(`many-${n}`, `many-${n}@example.com`));
    world.statements();

    const { data } = await world.ask(staff('customer:read', 'customer:pii'), entities, {
      all: ids.map((id) => ref({ id })),
    });

    const statements = world.statements();
    expect(data?.['_entities'][99]).toMatchObject({ email: { address: 'many-99@example.com' } });
    expect(statements.filter((text) => /^\s*(with wanted|select(?!.*for update))/is.test(text))).toHaveLength(1);
    expect(statements).toHaveLength(4);
    const seen = await accesses();
    expect(ids.map((id) => seen[id])).toEqual(ids.map(() => 1));
    expect(await verifyChains(world.records.pool)).not.toHaveProperty('broken');
  });

  test('whoever cannot be told is not shown', async () => {
    await world.records.pool.query('alter table audit_entry rename to audit_entry_away');

    const { data } = await world.ask(
      staff('customer:read', 'customer:pii'),
      `{ customer(id: "${bob}") { status email { address } } }`,
    );
    await world.records.pool.query('alter table audit_entry_away rename to audit_entry');

    expect(data?.['customer']).toEqual({ status: 'ACTIVE', email: null });
  });

  test.each(['x', '', '00000000-0000-0000-0000-00000000000g', '\u0000', '\ud800', 'a'.repeat(500)])(
    'an id that cannot be one (%j) is as unknown as any other',
    async (id) => {
      const { data, errors } = await world.ask(service, 'query ($id: ID!) { customer(id: $id) { id } }', { id });

      expect(errors).toBeUndefined();
      expect(data).toEqual({ customer: null });
    },
  );
});

describe('entities for the router (design, decision 24)', () => {
  test('a hundred of any mix of keys are one statement, in order', async () => {
    const keys = [
      { id: ann },
      { emailLookup: 'ANN@example.com ' },
      { identity: { issuer: 'https://issuer.example/realms/customer', subject: 'bob' } },
      { id: '019abcde-0000-7000-8000-000000000001' },
      { emailLookup: 'nobody@example.com' },
    ];
    const all = Array.from({ length: 100 }, (_, at) => ref(keys[at % keys.length] ?? {}));
    world.statements();

    const { data } = await world.ask(service, entities, { all });

    const ids = data?.['_entities'].map((one: { id: string } | null) => one?.id);
    expect(ids).toEqual(Array.from({ length: 20 }, () => [ann, ann, bob, undefined, undefined]).flat());
    expect(world.statements()).toHaveLength(1);
  });

  test('by id a stranger gets id and display name and nothing more; by address or identity nothing at all', async () => {
    const identity = { issuer: 'https://issuer.example/realms/customer', subject: 'ann' };
    const all = [{ id: ann }, { emailLookup: 'ann@example.com' }, { identity }].map(ref);

    const { data } = await world.ask(herself('bob'), entities, { all });

    const [byId, ...others] = data?.['_entities'] ?? [];
    expect(Object.entries(byId).filter(([, value]) => value !== null)).toEqual([
      ['id', ann],
      ['displayName', 'annie'],
    ]);
    expect(others).toEqual([null, null]);
  });

  test('by address or identity one gets oneself', async () => {
    const all = [
      { emailLookup: 'ann@example.com' },
      { identity: { issuer: 'https://issuer.example/realms/customer', subject: 'ann' } },
    ].map(ref);

    const { data } = await world.ask(herself('ann'), entities, { all });

    expect(data?.['_entities']).toMatchObject([
      { id: ann, givenName: 'Ann' },
      { id: ann, givenName: 'Ann' },
    ]);
  });

  test('without the router’s credential there are no entities and no SDL, whoever asks', async () => {
    for (const query of [
      '{ _service { sdl } }',
      `{ _entities(representations: [{ __typename: "Customer", id: "${ann}" }]) { __typename } }`,
    ]) {
      const { data, errors } = await world.ask(service, query, {}, false);
      expect(data?.['_entities'] ?? data?.['_service'] ?? null).toBeNull();
      expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    }
    expect((await world.ask(nobody, '{ _service { sdl } }')).data?.['_service'].sdl).toContain('type Customer');
  });

  test('what no key can be is null, and the others are answered', async () => {
    const bad = [
      {},
      { id: 'x' },
      { id: 7 },
      { emailLookup: 'no address' },
      { emailLookup: '\ud800@example.com' },
      { identity: {} },
      { identity: { issuer: '\u0000', subject: '\ud800' } },
      { identity: null },
    ];

    const { data, errors } = await world.ask(service, entities, { all: [...bad, { id: ann }].map(ref) });

    expect(errors).toBeUndefined();
    expect(data?.['_entities'].map((one: { id: string } | null) => one?.id ?? null)).toEqual([
      ...bad.map(() => null),
      ann,
    ]);
  });

  test('a request has one thousand, however many fields ask for them', async () => {
    const all = Array.from({ length: 501 }, () => ref({ id: ann }));
    const ask = '_entities(representations: $all) { __typename }';

    const once = await world.ask(service, `query ($all: [_Any!]!) { ${ask} }`, { all });
    const twice = await world.ask(service, `query ($all: [_Any!]!) { ${ask} b: ${ask} }`, { all });

    expect(once.errors).toBeUndefined();
    expect(twice.errors?.[0]?.extensions?.code).toBe('VALIDATION');
  });

  test('more than a thousand, and types that are not ours, are refused', async () => {
    const tooMany = await world.ask(service, entities, { all: Array.from({ length: 1001 }, () => ref({ id: ann })) });
    const foreign = await world.ask(service, entities, { all: [{ __typename: 'Order', id: ann }] });

    expect(tooMany.errors?.[0]?.extensions?.code).toBe('VALIDATION');
    expect(foreign.errors?.[0]?.extensions?.code).toBe('VALIDATION');
  });
});
