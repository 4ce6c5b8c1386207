import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { Health, HealthCheckResponse_ServingStatus as Status } from './generated/grpc/health/v1/health_pb.ts';

/**
 * The standard health service, for balancers: whether this replica serves, and nothing else. `Watch` is left out, which
 * the protocol allows and clients take for healthy.
 *
 * @param services  whom one may ask about, besides the whole
 * @param serving   whether calls would be answered now
 */
export function healthRoutes(services: readonly string[], serving: () => boolean): (router: ConnectRouter) => void {
  return (router) =>
    void router.service(Health, {
      check({ service }) {
        if (service && !services.includes(service)) throw new ConnectError('There is no such service.', Code.NotFound);
        return { status: serving() ? Status.SERVING : Status.NOT_SERVING };
      },
    });
}
