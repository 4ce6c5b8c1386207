import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { getOperationAST, GraphQLError } from 'graphql';
import { CloseCode, type SubscribePayload } from 'graphql-ws';
import { type Extra, useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Actor } from '../domain/access.ts';
import { DomainError } from '../domain/errors.ts';
import type { HttpParts } from './http.ts';
import { limits } from './limits.ts';
import { requestInfo } from './request-info.ts';
import { accessCookie, isOurOrigin, judge } from './viewer.ts';

/** A socket with who it belongs to. */
interface Seated extends Extra, Record<PropertyKey, unknown> {
  actor?: Actor;
  leave?: () => void;
}

const seatsByIp = new WeakMap<object, Map<string, number>>();

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** One credential: the bearer of `connection_init`, or the cookie that came with an allowed origin; never both. */
async function seat(parts: HttpParts, req: IncomingMessage, params: unknown): Promise<Actor | undefined> {
  const given = params && typeof params === 'object' && 'authorization' in params ? params.authorization : undefined;
  const cookie = accessCookie(req.headers.cookie);
  if (given !== undefined && cookie) return undefined;
  const [, bearer] = typeof given === 'string' ? (/^Bearer (\S+)$/i.exec(given) ?? []) : [];
  if (given !== undefined && !bearer) return undefined;
  const token = bearer ?? (isOurOrigin(parts.config, req.headers.origin) ? cookie : undefined);
  return token ? judge(parts, token) : undefined;
}

function watchRate(socket: WebSocket): void {
  let count = 0;
  const timer = setInterval(() => (count = 0), 10_000).unref();
  const see = (): void => {
    count += 1;
    if (count > limits.socketMessages) socket.close(4429, 'Too many messages');
  };
  socket.on('message', see).on('ping', see);
  socket.once('close', () => clearInterval(timer));
}

function onUpgrade(parts: HttpParts, wss: WebSocketServer, req: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => socket.destroy());
  if ((req.url ?? '').split('?')[0] !== '/graphql') return refuseUpgrade(socket, '404 Not Found');
  const { origin, authorization } = req.headers;
  // A page names its origin; whoever names a foreign one is a page of somebody else.
  if (origin !== undefined && !isOurOrigin(parts.config, origin)) return refuseUpgrade(socket, '403 Forbidden');
  if (authorization !== undefined) return refuseUpgrade(socket, '400 Bad Request');
  const seats = seatsByIp.get(wss) ?? new Map<string, number>();
  seatsByIp.set(wss, seats);
  const { ip, router } = requestInfo(req, parts.config);
  // A gateway brings everybody's sockets from one address; it proves itself, and each viewer has her own limit behind it.
  if (!router && (seats.get(ip) ?? 0) >= limits.socketsPerClient) return refuseUpgrade(socket, '429 Too Many Requests');
  seats.set(ip, (seats.get(ip) ?? 0) + 1);
  socket.once('close', () => {
    const others = (seats.get(ip) ?? 1) - 1;
    if (others) seats.set(ip, others);
    else seats.delete(ip);
  });
  wss.handleUpgrade(req, socket, head, (ws) => {
    watchRate(ws);
    wss.emit('connection', ws, req);
  });
}

/** What one operation runs with: parsed, validated and limited as over HTTP. Only subscriptions come this way. */
async function prepare(parts: HttpParts, extra: Seated, params: SubscribePayload) {
  const info = requestInfo(extra.request, parts.config);
  if (!extra.actor) return [new GraphQLError('Sign in first.', { extensions: { code: 'UNAUTHENTICATED' } })];
  try {
    const ctx = await parts.contextFor(extra.actor, info);
    return await enveloped(parts, extra, ctx, params);
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    if (error instanceof DomainError) return [new GraphQLError(error.message, { extensions: { code: error.code } })];
    parts.log.error({ err: error, requestId: info.id }, 'a subscription failed');
    return [new GraphQLError('Something went wrong.', { extensions: { code: 'INTERNAL_SERVER_ERROR' } })];
  }
}

async function enveloped(
  { graph }: HttpParts,
  extra: Seated,
  ctx: Awaited<ReturnType<HttpParts['contextFor']>>,
  params: SubscribePayload,
) {
  const { schema, execute, subscribe, contextFactory, parse, validate } = graph.getEnveloped({
    ctx,
    params,
    req: extra.request,
  });
  const document = parse(params.query);
  const operation = getOperationAST(document, params.operationName ?? undefined);
  if (operation?.operation !== 'subscription') {
    return [new GraphQLError('Only subscriptions come over a socket.', { extensions: { code: 'VALIDATION' } })];
  }
  const errors = validate(schema, document);
  if (errors.length) return errors;
  return {
    schema,
    document,
    operationName: params.operationName,
    variableValues: params.variables,
    contextValue: await contextFactory(),
    rootValue: { execute, subscribe },
  };
}

/** Serves `graphql-transport-ws` on `/graphql` of the public listener. */
export function serveSockets(parts: HttpParts, server: Server): { stop(): Promise<void> } {
  const wss = new WebSocketServer({ noServer: true, maxPayload: limits.socketMessageBytes, perMessageDeflate: false });
  server.on('upgrade', (req, socket, head) => onUpgrade(parts, wss, req, socket, head));
  type Runners = { execute: (args: unknown) => never; subscribe: (args: unknown) => never };
  const { dispose } = useServer<Record<string, unknown>, Seated>(
    {
      connectionInitWaitTimeout: limits.socketInitMs,
      // Otherwise the text of an error is the reason a socket is closed with, unless NODE_ENV says so.
      isProd: true,
      execute: (args) => (args.rootValue as Runners).execute(args),
      subscribe: (args) => (args.rootValue as Runners).subscribe(args),
      async onConnect({ extra, connectionParams }) {
        const actor = await seat(parts, extra.request, connectionParams).catch(() => undefined);
        if (!actor) return false;
        extra.actor = actor;
        const info = requestInfo(extra.request, parts.config);
        extra.leave = parts.streams.open({ actor, request: info }, () =>
          extra.socket.close(CloseCode.Forbidden, 'Forbidden'),
        );
        return true;
      },
      onDisconnect: ({ extra }) => extra.leave?.(),
      onClose: ({ extra }) => extra.leave?.(),
      onSubscribe({ extra, subscriptions }, _id, payload) {
        if (Object.keys(subscriptions).length > limits.subscriptionsPerSocket) {
          return [new GraphQLError('Too many subscriptions.', { extensions: { code: 'RATE_LIMITED' } })];
        }
        return prepare(parts, extra, payload);
      },
    },
    wss,
  );
  return { stop: async () => dispose() };
}
