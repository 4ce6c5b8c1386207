import { type ExecutionResult, subscribe } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../../../src/domain/access.ts';
import { schema } from '../../../src/server/schema.ts';
import { graphql } from '../../support/generated/gql.ts';
import { type GraphWorld, herself, nobody, openGraph, service, staff } from '../../support/graph-world.ts';

let world: GraphWorld;

const document = graphql(`
  subscription Follow($after: String) {
    customerChanged(after: $after) {
      cursor
      changedPaths
      reason
      snapshot
      customer {
        id
        version
        givenName
        status
      }
    }
  }
`);
const update = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }`;
const clerk = staff('customer:read', 'customer:write');

interface Change {
  cursor: string;
  changedPaths: string[];
  reason: string;
  snapshot: boolean;
  customer: { id: string; version: number; givenName: string | null; status: string };
}

async function follow(actor: Actor, after?: string): Promise<AsyncGenerator<ExecutionResult, void>> {
  const stream = await subscribe({ schema, document, variableValues: { after }, contextValue: world.contextOf(actor) });
  if (Symbol.asyncIterator in stream) return stream as AsyncGenerator<ExecutionResult, void>;
  throw stream.errors?.[0]?.originalError ?? new Error('no stream');
}

async function next(stream: AsyncGenerator<ExecutionResult, void>): Promise<Change | undefined> {
  const { done, value } = await stream.next();
  if (done) return undefined;
  expect(value?.errors).toBeUndefined();
  return value?.data?.['customerChanged'] as Change;
}

const rename = (subject: string, expectedVersion: number, givenName: string) =>
  world.ask(herself(subject), update, { input: { expectedVersion, givenName } });

beforeAll(async () => {
  world = await openGraph();
});
afterAll(() => world[Symbol.asyncDispose]());

describe('following one’s own profile (§4.3, live)', () => {
  test('a snapshot comes first, then each change with its cause', async () => {
    const id = await world.customer('ann', 'ann@example.com');
    const stream = await follow(herself('ann'));

    const first = await next(stream);
    await rename('ann', 1, 'Ann');
    const second = await next(stream);
    await stream.return();

    expect(first).toMatchObject({ snapshot: true, reason: 'SNAPSHOT', changedPaths: [], customer: { id, version: 1 } });
    expect(second).toMatchObject({
      snapshot: false,
      reason: 'SELF',
      changedPaths: ['givenName'],
      customer: { id, version: 2, givenName: 'Ann' },
    });
    expect(Number(second?.cursor)).toBe(Number(first?.cursor) + 1);
  });

  test('a client that was away goes on where it was, without a gap and without a snapshot', async () => {
    await world.customer('bea', 'bea@example.com');
    const before = await follow(herself('bea'));
    const seen = await next(before);
    await before.return();
    for (const [at, name] of ['One', 'Two', 'Three'].entries()) await rename('bea', at + 1, name);

    const stream = await follow(herself('bea'), seen?.cursor);
    const changes = [await next(stream), await next(stream), await next(stream)];
    await stream.return();

    const from = Number(seen?.cursor);
    expect(changes.map((change) => Number(change?.cursor))).toEqual([from + 1, from + 2, from + 3]);
    expect(changes.every((change) => change?.snapshot === false)).toBe(true);
  });

  test('a cursor older than a week is answered by a snapshot', async () => {
    const id = await world.customer('cia', 'cia@example.com');
    await rename('cia', 1, 'Cia');
    await world.records.pool.query(`update outbox set created_at = now() - interval '8 days' where customer_id = $1`, [
      id,
    ]);

    const stream = await follow(herself('cia'), '0');
    const first = await next(stream);
    await stream.return();

    expect(first).toMatchObject({ snapshot: true, customer: { givenName: 'Cia' } });
  });

  test('the stream ends when the account is closed', async () => {
    const id = await world.customer('dora', 'dora@example.com');
    const stream = await follow(herself('dora'));
    await next(stream);

    const status = `mutation ($input: ChangeStatusInput!) { changeStatus(input: $input) { __typename } }`;
    await world.ask(clerk, status, {
      input: { customerId: id, expectedVersion: 1, status: 'SUSPENDED', reason: 'fraud' },
    });

    expect(await next(stream)).toBeUndefined();
  });

  test('the stream ends with the token', async () => {
    await world.customer('eva', 'eva@example.com');
    const stream = await follow({ ...herself('eva'), expiresAt: Date.now() / 1000 + 1 });
    await next(stream);

    expect(await next(stream)).toBeUndefined();
  });

  test('leaving the stream ends it at once', async () => {
    await world.customer('fay', 'fay@example.com');
    const stream = await follow(herself('fay'));
    await next(stream);
    const waiting = next(stream);

    await stream.return();

    expect(await waiting).toBeUndefined();
  });

  test.each(['x', '-1', '99999', '1.5', '\ud800', '9'.repeat(1000)])(
    'a foreign cursor (%j) is refused',
    async (after) => {
      if (after === 'x') await world.customer('gil', 'gil@example.com');

      await expect(follow(herself('gil'), after).then(next)).rejects.toThrow('The input is not valid.');
    },
  );

  test('nobody and services have nothing to follow', async () => {
    await expect(follow(nobody).then(next)).rejects.toThrow('Sign in first.');
    await expect(follow(service).then(next)).rejects.toThrow('You may not do this.');
  });
});
