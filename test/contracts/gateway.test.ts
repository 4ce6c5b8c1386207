import { composeServices } from '@apollo/composition';
import type { GatewayRuntime } from '@graphql-hive/gateway-runtime';
import { composeServices as composeByGuild, compositionHasErrors } from '@theguild/federation-composition';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSupergraph } from '../../docs/gateway/supergraph.ts';
import { type GraphWorld, openGraph } from '../support/graph-world.ts';
import { serveCustomers, serveOrders, serveReviews, subgraphs } from '../support/stub-subgraphs.ts';

const secret = 'a credential that only the router has';

describe('composition beside other subgraphs (§4.3)', () => {
  test('Apollo composes without errors and without hints', () => {
    const { errors, hints } = composeServices(subgraphs());

    expect(errors?.map(({ message }) => message) ?? []).toEqual([]);
    expect(hints?.map(({ message }) => message)).toEqual([]);
  });

  test('The Guild composes without errors', () => {
    const result = composeByGuild(subgraphs());

    expect(compositionHasErrors(result) ? result.errors.map(({ message }) => message) : []).toEqual([]);
  });

  test('the keys of trusted subgraphs are not in the schema that clients see', () => {
    const { schema } = composeServices(subgraphs());

    const api = schema?.toAPISchema().type('Customer')?.toString() ?? '';
    const fields =
      schema
        ?.toAPISchema()
        .objectTypes()
        .find(({ name }) => name === 'Customer')
        ?.fields() ?? [];
    expect(api).toBe('Customer');
    expect(fields.map(({ name }) => name)).not.toContain('emailLookup');
    expect(fields.map(({ name }) => name)).not.toContain('identity');
  });
});

describe('behind a real gateway (§4.3)', () => {
  let world: GraphWorld;
  let ann: string;
  let gateway: GatewayRuntime;
  let parts: Record<'customers' | 'orders' | 'reviews', Awaited<ReturnType<typeof serveOrders>>>;

  beforeAll(async () => {
    world = await openGraph();
    ann = await world.customer('ann', 'ann@example.com', { profile: { displayName: 'annie' } });
    await world.customer('bob', 'bob@example.com');
    parts = {
      customers: await serveCustomers(world, secret),
      orders: await serveOrders(ann),
      reviews: await serveReviews(ann),
    };
    const urls = { customers: parts.customers.url, orders: parts.orders.url, reviews: parts.reviews.url };
    const { supergraphSdl } = composeServices(subgraphs(urls));
    gateway = createSupergraph({ supergraph: supergraphSdl ?? '', routerSecret: secret, log: () => undefined });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    for (const part of Object.values(parts)) await part.close();
    await world[Symbol.asyncDispose]();
  });

  const send = (subject: string, query: string, accept = 'application/json') =>
    gateway.fetch('http://gateway/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, authorization: `Bearer ${subject}` },
      body: JSON.stringify({ query }),
    });
  const ask = async (subject: string, query: string): Promise<any> => (await send(subject, query)).json();

  test('an order reads whether its customer may check out, as herself, and nobody else does', async () => {
    const query = '{ order(id: "1") { customer { id displayName canOrder } } }';

    const own = await ask('ann', query);
    const other = await ask('bob', query);

    expect(own).toEqual({ data: { order: { customer: { id: ann, displayName: 'annie', canOrder: true } } } });
    expect(other.data.order.customer).toMatchObject({ id: ann, displayName: 'annie', canOrder: null });
  });

  test('a review shows the name its author chose, and nothing more', async () => {
    const { data } = await ask('bob', '{ reviews { author { displayName givenName email { address } } } }');

    expect(data.reviews).toEqual([{ author: { displayName: 'annie', givenName: null, email: null } }]);
  });

  test('a mutation comes through with the caller’s own token', async () => {
    const { data } = await ask(
      'bob',
      `mutation { updateProfile(input: { expectedVersion: 1, givenName: "Bob" }) {
        __typename ... on CustomerPayload { customer { givenName version } } } }`,
    );

    expect(data.updateProfile).toEqual({ __typename: 'CustomerPayload', customer: { givenName: 'Bob', version: 2 } });
  });

  test('a subscription comes through, and each viewer hears of herself', async () => {
    const query = 'subscription { customerChanged { snapshot customer { id } } }';

    const [forAnn, forBob] = await Promise.all(
      ['ann', 'bob'].map(async (subject) => {
        const reader = (await send(subject, query, 'text/event-stream')).body?.getReader();
        let text = '';
        while (!text.includes('"snapshot"')) {
          const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
          if (done) break;
          text += Buffer.from(value as Uint8Array).toString();
        }
        await reader?.cancel();
        return text;
      }),
    );

    expect(forAnn).toContain(ann);
    expect(forBob).toContain('"snapshot":true');
    expect(forBob).not.toContain(ann);
  });

  test('the runtime itself lets no other origin read', async () => {
    const headers = { origin: 'http://evil.example', 'content-type': 'application/json' };

    const answer = await gateway.fetch('http://gateway/graphql', {
      method: 'POST',
      headers,
      body: '{"query":"{ __typename }"}',
    });

    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, null]);
  });

  test('the router’s credential and the caller’s token go to us and to nobody else', () => {
    expect(parts.customers.heard.every((headers) => headers['x-router-secret'] === secret)).toBe(true);
    for (const { heard } of [parts.orders, parts.reviews]) {
      expect(heard.length).toBeGreaterThan(0);
      expect(heard.filter((headers) => headers['x-router-secret'] ?? headers.authorization)).toEqual([]);
    }
  });
});
