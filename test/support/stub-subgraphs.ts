import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { schema as customers, sdl } from '../../src/server/schema.ts';
import { type GraphWorld, herself, nobody } from './graph-world.ts';

const link = (names: string) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${names}])`;

// An order that may go out only to whoever may check out.
const ordersSdl = `${link('"@key", "@external", "@requires"')}
  type Query { order(id: ID!): Order }
  type Order @key(fields: "id") { id: ID! customer: Customer }
  type Customer @key(fields: "id") {
    id: ID!
    checkoutEligibility: CheckoutEligibility @external
    canOrder: Boolean @requires(fields: "checkoutEligibility { allowed }")
  }
  type CheckoutEligibility { allowed: Boolean! @external }`;

// A review that shows its author.
const reviewsSdl = `${link('"@key"')}
  type Query { reviews: [Review!]! }
  type Review @key(fields: "id") { id: ID! author: Customer }
  type Customer @key(fields: "id", resolvable: false) { id: ID! }`;

/** Our schema beside those of two other teams, as both libraries compose them. */
export function subgraphs(urls: { customers?: string; orders?: string; reviews?: string } = {}) {
  return [
    { name: 'customers', url: urls.customers ?? 'http://customers.example/graphql', typeDefs: parse(sdl) },
    { name: 'orders', url: urls.orders ?? 'http://orders.example/graphql', typeDefs: parse(ordersSdl) },
    { name: 'reviews', url: urls.reviews ?? 'http://reviews.example/graphql', typeDefs: parse(reviewsSdl) },
  ];
}

/** A subgraph that listens. */
export interface Stub {
  readonly url: string;
  /** Headers of what came, the newest last. */
  readonly heard: IncomingMessage['headers'][];
  close(): Promise<void>;
}

async function listen(server: Server, heard: IncomingMessage['headers'][]): Promise<Stub> {
  server.prependListener('request', (request: IncomingMessage) => heard.push(request.headers));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    heard,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function serve(schema: GraphQLSchema): Promise<Stub> {
  const yoga = createYoga({ schema, logging: false });
  return listen(
    createServer((request, response) => void yoga(request, response)),
    [],
  );
}

type Given = Record<string, unknown>;

/** Another team's subgraph of orders; the order is the customer's. */
export function serveOrders(customerId: string): Promise<Stub> {
  const Customer = {
    canOrder: (customer: Given) => (customer['checkoutEligibility'] as { allowed: boolean } | null)?.allowed ?? null,
  };
  const Query = { order: (_: unknown, { id }: Given) => ({ id, customer: { id: customerId } }) };
  return serve(buildSubgraphSchema({ typeDefs: parse(ordersSdl), resolvers: { Query, Customer } }));
}

/** Another team's subgraph of reviews, all by one author. */
export function serveReviews(customerId: string): Promise<Stub> {
  const Query = { reviews: () => [{ id: '1', author: { id: customerId } }] };
  return serve(buildSubgraphSchema({ typeDefs: parse(reviewsSdl), resolvers: { Query } }));
}

/** Our subgraph; a bearer is the subject itself, since tokens are tested elsewhere. */
export async function serveCustomers(world: GraphWorld, secret: string): Promise<Stub> {
  const yoga = createYoga({
    schema: customers,
    logging: false,
    context: ({ request: { headers } }) => {
      const subject = headers.get('authorization')?.replace('Bearer ', '');
      return world.contextOf(subject ? herself(subject) : nobody, headers.get('x-router-secret') === secret);
    },
  });
  return listen(
    createServer((request, response) => void yoga(request, response)),
    [],
  );
}
