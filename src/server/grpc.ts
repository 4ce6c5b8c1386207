import { createServer, type Http2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Code, type ConnectRouter, createConnectRouter } from '@connectrpc/connect';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import type { Parts, RequestInfo } from '../context.ts';
import type { Permission } from '../domain/access.ts';
import { Unauthenticated } from '../domain/errors.ts';
import { AccountStates } from '../features/authentication/account-states.ts';
import { authenticationCalls, authenticationRules } from '../features/authentication/authentication.grpc.ts';
import { createLoginClients } from '../features/authentication/login-clients.ts';
import { Watchers } from '../features/authentication/watchers.ts';
import { callOf, callValues, createGate, createInterceptor, type CallRules } from '../grpc/calls.ts';
import { type CallMetrics, createCallMetrics } from '../grpc/call-metrics.ts';
import { AuthService } from '../grpc/generated/auth_pb.ts';
import { Health } from '../grpc/generated/grpc/health/v1/health_pb.ts';
import { ServerReflection } from '../grpc/generated/grpc/reflection/v1/reflection_pb.ts';
import { healthRoutes } from '../grpc/health.ts';
import { reflectionRoutes } from '../grpc/reflection.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { ContextFor } from './contexts.ts';
import { limits } from './limits.ts';
import { isTwice, requestInfo } from './request-info.ts';
import { grpcStatusOf } from './status.ts';
import { bearerOf, judge, look, type ViewerParts } from './viewer.ts';

/** What the gRPC listener is made of. */
export interface GrpcParts {
  readonly parts: Parts;
  readonly metrics: Metrics;
  readonly verifier: ViewerParts['verifier'];
  readonly revocations: ViewerParts['revocations'];
  readonly contextFor: ContextFor;
}

/** A gRPC listener, not yet listening. */
export interface GrpcServer {
  readonly server: Http2Server;
  /** Finishes what is under way, at most for as long as a drain may take; streams end at once. */
  stop(): Promise<void>;
}

const open: Readonly<Record<string, Permission | 'open'>> = Object.fromEntries(
  [Health, ServerReflection].flatMap(({ typeName, methods }) =>
    methods.map(({ name }) => [`${typeName}/${name}`, 'open' as const]),
  ),
);

function rulesOf({ parts, contextFor, ...viewer }: GrpcParts): CallRules {
  return {
    rules: { ...open, ...authenticationRules },
    async admit(authorization, info) {
      const token = bearerOf(authorization);
      if (!token) throw new Unauthenticated();
      return contextFor(await judge(viewer, token), info);
    },
    statusOf: grpcStatusOf,
    deadlineMs: limits.grpcDeadlineMs,
    log: parts.log,
  };
}

type Handle = (request: Http2ServerRequest, response: Http2ServerResponse, info: RequestInfo) => Promise<void>;

/** The status that the protocol itself gave, where it gives one in trailers. */
function statusIn(trailer: Headers | undefined): string {
  return Code[Number(trailer?.get('grpc-status') ?? Code.Unknown)] ?? 'Ok';
}

/** The library's own adapter writes what goes wrong to the console, with the error whole. */
function handling(router: ConnectRouter, metrics: CallMetrics): Handle {
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return async (request, response, info) => {
    const handler = handlers.get(request.url.split('?', 1)[0] ?? '');
    // What a gRPC client takes for a method that is not implemented.
    if (!handler) return void response.writeHead(404).end();
    const call = callOf(info);
    const done = metrics.begin(handler.requestPath.slice(1));
    const answered: { trailer?: Headers } = {};
    response.once('close', () => done(call.outcome ?? statusIn(answered.trailer)));
    const answer = await handler(universalRequestFromNodeRequest(request, response, undefined, callValues(call)));
    if (answer.trailer) answered.trailer = answer.trailer;
    await universalResponseToNodeResponse(answer, response);
  };
}

function answering(log: Log, handle: Handle, { server }: Parts['config']) {
  return (request: Http2ServerRequest, response: Http2ServerResponse): void => {
    const seen = request as unknown as IncomingMessage;
    const info = requestInfo(seen, { server });
    request.stream.setTimeout(limits.grpcBodyMs, () => request.stream.close());
    request.once('end', () => request.stream.setTimeout(0));
    if (isTwice(seen)) return void response.writeHead(400).end();
    handle(request, response, info).catch((error: unknown) => {
      // Mostly whoever asked has gone.
      log.debug({ requestId: info.id, err: error }, 'a call could not be answered');
      request.stream.close();
    });
  };
}

function ending(server: Http2Server, over: AbortController): () => Promise<void> {
  const sessions = new Set<{ close(): void; destroy(): void }>();
  // Who is gone without a word is noticed.
  server.on('connection', (socket: Socket) => socket.setKeepAlive(true, 30_000));
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  return async () => {
    over.abort();
    const closed = new Promise((resolve) => server.close(resolve));
    for (const session of sessions) session.close();
    const patience = setTimeout(() => sessions.forEach((session) => session.destroy()), limits.drainMs);
    await closed;
    clearTimeout(patience);
  };
}

/** The listener of gRPC, gRPC-web and Connect, over HTTP/2 without TLS: it stands inside the platform. */
export async function createGrpcServer(grpc: GrpcParts): Promise<GrpcServer> {
  const { parts, revocations, verifier } = grpc;
  const accounts = await AccountStates.open(parts.pool, parts.config.database.url, parts.log);
  const rules = rulesOf(grpc);
  const over = new AbortController();
  const router = createConnectRouter({
    acceptCompression: [],
    readMaxBytes: limits.grpcMessageBytes,
    interceptors: [createInterceptor(rules)],
    requestGate: createGate(rules),
    shutdownSignal: over.signal,
  });
  const room = {
    judge: (token: string) => look({ verifier, revocations }, token),
    accounts,
    revocations,
    watchers: new Watchers(limits.watchersPerCaller),
    clients: createLoginClients(parts.config, () => parts.clock.now()),
  };
  authenticationCalls(room)(router);
  healthRoutes([AuthService.typeName], () => revocations.trusted() && !over.signal.aborted)(router);
  if (!parts.config.production) reflectionRoutes([AuthService, Health])(router);
  const handle = handling(router, createCallMetrics(grpc.metrics.registry));
  const settings = { maxConcurrentStreams: limits.grpcStreamsPerSocket, maxHeaderListSize: limits.headerBytes };
  const server = createServer({ settings }, answering(parts.log, handle, parts.config));
  server.maxConnections = limits.grpcSockets;
  const end = ending(server, over);
  return { server, stop: () => end().then(() => accounts.stop()) };
}
