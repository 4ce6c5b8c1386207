import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { type GraphQLSchema, parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { schema as customers } from '../../src/server/schema.ts';
import { type GraphWorld, herself, nobody } from './graph-world.ts';

const link = (names: string) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${names}])`;

/** An order that may go out only to whoever may check out. */
export const ordersSdl = `${link('"@key", "@external", "@requires"')}
  type Query { order(id: ID!): Order }
  type Order @key(fields: "id") { id: ID! customer: Customer }
  type Customer @key(fields: "id") {
    id: ID!
    checkoutEligibility: CheckoutEligibility @external
    canOrder: Boolean @requires(fields: "checkoutEligibility { allowed }")
  }
  type CheckoutEligibility { allowed: Boolean! @external }`;

/** A review that shows its author. */
export const reviewsSdl = `${link('"@key"')}
  type Query { reviews: [Review!]! }
  type Review @key(fields: "id") { id: ID! author: Customer }
  type Customer @key(fields: "id", resolvable: false) { id: ID! }`;

interface Stub {
  readonly url: string;
  /** Headers of what came, the newest last. */
  readonly heard: IncomingMessage['headers'][];
  close(): Promise<void>;
}

async function listen(server: Server, heard: IncomingMessage['headers'][]): Promise<Stub> {
  server.prependListener('request', (request: IncomingMessage) => heard.push(request.headers));
  server.prependListener('upgrade', (request: IncomingMessage) => heard.push(request.headers));
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

/** Our subgraph over HTTP and WebSocket; a bearer is the subject itself, since tokens are tested elsewhere. */
export async function serveCustomers(world: GraphWorld, secret: string): Promise<Stub> {
  const contextOf = (authorization: unknown, given: unknown) => {
    const subject = typeof authorization === 'string' ? authorization.replace('Bearer ', '') : '';
    return world.contextOf(subject ? herself(subject) : nobody, given === secret);
  };
  const yoga = createYoga({
    schema: customers,
    logging: false,
    context: ({ request: { headers } }) => contextOf(headers.get('authorization'), headers.get('x-router-secret')),
  });
  const server = createServer((request, response) => void yoga(request, response));
  const sockets = new WebSocketServer({ server, path: '/graphql' });
  useServer(
    {
      schema: customers,
      context: ({ connectionParams, extra }) =>
        contextOf(connectionParams?.['authorization'], extra.request.headers['x-router-secret']),
    },
    sockets,
  );
  return listen(server, []);
}
