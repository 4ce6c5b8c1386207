import { randomUUID } from 'node:crypto';
import diagnostics from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { composeServices } from '@apollo/composition';
import { createGateway, type GatewaySettings } from '../../docs/gateway/gateway.ts';
import { linkedCustomer, openEdge } from './edge-world.ts';
import { serveOrders, serveReviews, type Stub, subgraphs } from './stub-subgraphs.ts';

/** The documented gateway before our service and two other teams' subgraphs. */
export interface GatewayWorld {
  readonly url: string;
  /** The other teams' subgraphs, with the headers that reached them. */
  readonly others: readonly Stub[];
  /** Every line it wrote. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts it.
 *
 * @param author  the customer who wrote the review and placed the order
 * @param port    0 for any free one
 */
export async function openGateway(
  settings: Omit<GatewaySettings, 'supergraph' | 'log'>,
  author: string,
  port = 0,
): Promise<GatewayWorld> {
  const [orders, reviews] = [await serveOrders(author), await serveReviews(author)];
  const customers = `${settings.customersUrl}/graphql`;
  const { supergraphSdl = '' } = composeServices(subgraphs({ customers, orders: orders.url, reviews: reviews.url }));
  const log: string[] = [];
  const { server, stop } = await createGateway({
    ...settings,
    supergraph: supergraphSdl,
    log: (line) => void log.push(line),
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const end = async (): Promise<void> => {
    server.closeAllConnections();
    await stop();
    await Promise.all([orders.close(), reviews.close()]);
  };
  let ended: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    others: [orders, reviews],
    log,
    stop: () => (ended ??= end()),
  };
}

/** Headers of a request, with its method. */
export type Heard = IncomingHttpHeaders & { readonly method: string };

/** Keeps the headers of whatever reaches a server of this process. */
export function listenAt(url: string): Heard[] {
  const heard: Heard[] = [];
  diagnostics.subscribe('http.server.request.start', (message) => {
    const { method = '', headers, socket } = (message as { request: IncomingMessage }).request;
    if (socket.localPort === Number(new URL(url).port)) heard.push({ ...headers, method });
  });
  return heard;
}

type Name = 'ann' | 'bob';

/** The gateway before the whole service, with tokens of a test issuer and two customers. */
export interface Shop extends Record<Name, string> {
  readonly gateway: GatewayWorld;
  /** What reached our service. */
  readonly heard: Heard[];
  token(who: Name, claims?: Record<string, unknown>): Promise<string>;
  /** All the cookies of her browser, as a header. */
  cookie(who: Name, claims?: Record<string, unknown>): Promise<{ cookie: string }>;
  stopService(): Promise<void>;
  stop(): Promise<void>;
}

/** The origin whose pages may use it. */
export const origin = 'http://localhost:4000';

/** A subscription that joins a field of another subgraph. */
export const following = 'subscription { customerChanged { snapshot customer { id givenName canOrder } } }';

/** Starts it. */
export async function openShop(): Promise<Shop> {
  const edge = await openEdge({ TRUSTED_PROXIES: '127.0.0.1' });
  const subjects = { ann: randomUUID(), bob: randomUUID() };
  const [ann, bob] = [await linkedCustomer(edge, subjects.ann), await linkedCustomer(edge, subjects.bob)];
  const { url: customersUrl, routerSecret } = edge;
  const gateway = await openGateway({ customersUrl, routerSecret, origins: [origin] }, ann);
  const token: Shop['token'] = (who, claims = {}) => edge.token(subjects[who], { claims });
  return {
    ann,
    bob,
    gateway,
    heard: listenAt(customersUrl),
    token,
    cookie: async (who, claims) => ({
      cookie: `__Host-guest=g; __Host-access=${await token(who, claims)}; __Host-refresh=r`,
    }),
    stopService: () => edge.running.stop(),
    async stop() {
      await gateway.stop();
      await edge.stop();
    },
  };
}
