import type { AddressInfo } from 'node:net';
import { composeServices } from '@apollo/composition';
import { createGateway, type GatewaySettings } from '../../docs/gateway/gateway.ts';
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
  const server = createGateway({ ...settings, supergraph: supergraphSdl, log: (line) => void log.push(line) });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    others: [orders, reviews],
    log,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([orders.close(), reviews.close()]);
    },
  };
}
