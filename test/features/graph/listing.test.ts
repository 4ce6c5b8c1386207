import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GraphWorld, herself, nobody, openGraph, service } from '../../support/graph-world.ts';

let world: GraphWorld;
const ids: string[] = [];

const list = `query ($first: Int! = 25, $after: String, $filter: CustomerFilter, $orderBy: CustomerOrder) {
  customers(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    edges { cursor matchedOn node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

interface Page {
  edges: { cursor: string; matchedOn: string[]; node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

async function page(variables: object): Promise<Page> {
  const { data, errors } = await world.ask(service, list, variables);
  if (errors) throw new Error(JSON.stringify(errors));
  return data?.['customers'] as Page;
}

const idsOf = ({ edges }: Page): string[] => edges.map(({ node }) => node.id);

beforeAll(async () => {
  world = await openGraph();
  for (let n = 0; n < 7; n += 1) {
    const country = n % 2 ? 'DE' : 'AT';
    ids.push(await world.customer(`c${n}`, `c${n}@example.com`, { profile: { country }, emailVerified: n !== 3 }));
  }
  // Three of one millisecond, as in an import.
  await world.records.pool.query(
    `update customer set created_at = '2026-01-01T00:00:00.123Z' where id = any($1::uuid[])`,
    [ids.slice(2, 5)],
  );
});
afterAll(() => world[Symbol.asyncDispose]());

describe('lists of customers (§4.3)', () => {
  test.each(['CREATED_DESC', 'CREATED_ASC', 'LAST_ACTIVITY_DESC'])(
    'pages by %s show everybody once',
    async (orderBy) => {
      const seen: string[] = [];
      let after: string | null = null;

      do {
        const { edges, pageInfo }: Page = await page({ first: 2, after, orderBy });
        seen.push(...edges.map(({ node }) => node.id));
        after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      } while (after);

      expect(seen).toHaveLength(7);
      expect(new Set(seen)).toEqual(new Set(ids));
    },
  );

  test('ascending is descending read from its end', async () => {
    const down = idsOf(await page({ orderBy: 'CREATED_DESC' }));

    expect(idsOf(await page({ orderBy: 'CREATED_ASC' }))).toEqual(down.toReversed());
  });

  test('a page is one statement', async () => {
    world.statements();

    await page({ first: 5 });

    expect(world.statements()).toHaveLength(1);
  });

  test('filters hold together', async () => {
    const german = await page({ filter: { country: 'de' } });
    const waiting = await page({ filter: { status: ['PENDING_VERIFICATION'] } });
    const both = await page({ filter: { country: 'AT', status: ['PENDING_VERIFICATION'] } });
    const recent = await page({ filter: { createdAfter: '2026-06-01T00:00:00+02:00' } });

    expect(new Set(idsOf(german))).toEqual(new Set([ids[1], ids[3], ids[5]]));
    expect(idsOf(waiting)).toEqual([ids[3]]);
    expect(idsOf(both)).toEqual([]);
    expect(new Set(idsOf(recent))).toEqual(new Set([ids[0], ids[1], ids[5], ids[6]]));
  });

  test('an address finds its customer however it is spelt, and says that it was looked for', async () => {
    const { edges } = await page({ filter: { emailExact: 'C4@EXAMPLE.com' } });

    expect(edges).toMatchObject([{ matchedOn: ['email'], node: { id: ids[4] } }]);
  });

  test.each([
    ['first', { first: 0 }],
    ['first', { first: 101 }],
    ['first', { first: -1 }],
    ['after', { after: 'x' }],
    ['after', { after: '' }],
    ['after', { after: '\ud800' }],
    ['after', { after: 'a'.repeat(100_000) }],
    [
      'after',
      {
        after: Buffer.from('CREATED_ASC/2026-01-01T00:00:00.123Z/019abcde-0000-7000-8000-000000000001').toString(
          'base64url',
        ),
      },
    ],
    [
      'after',
      {
        after: Buffer.from('CREATED_DESC/2026-99-01T00:00:00.123Z/019abcde-0000-7000-8000-000000000001').toString(
          'base64url',
        ),
      },
    ],
    ['after', { after: Buffer.from("CREATED_DESC/2026-01-01T00:00:00.123Z/' or 1=1").toString('base64url') }],
    ['filter.country', { filter: { country: 'XX' } }],
    ['filter.country', { filter: { country: 'D\u0000' } }],
    ['filter.emailExact', { filter: { emailExact: 'not an address' } }],
    ['filter.emailExact', { filter: { emailExact: `${'a'.repeat(300)}@example.com` } }],
    ['filter.createdAfter', { filter: { createdAfter: 'yesterday' } }],
    ['filter.createdAfter', { filter: { createdAfter: '2026-13-01T00:00:00Z' } }],
  ])('a bad %s is named', async (path, variables) => {
    const { errors } = await world.ask(service, list, variables);

    expect(errors?.[0]?.extensions).toMatchObject({ code: 'VALIDATION', issues: [{ path: path.split('.') }] });
  });

  test('customers and strangers are not shown the list', async () => {
    expect((await world.ask(herself('c0'), list)).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    expect((await world.ask(nobody, list)).errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  });
});
