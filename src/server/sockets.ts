import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { getOperationAST, GraphQLError, type GraphQLFormattedError } from 'graphql';
import { CloseCode, handleProtocols, makeServer, type Server as Speaker, type SubscribePayload } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Actor } from '../domain/access.ts';
import { RateLimited } from '../domain/errors.ts';
import { masked } from './graphql.ts';
import type { HttpParts } from './http.ts';
import { limits } from './limits.ts';
import { isTwice, requestInfo } from './request-info.ts';
import { speak } from './socket-line.ts';
import { accessCookie, isOurOrigin, judge } from './viewer.ts';

/** A socket with who it belongs to. */
interface Seated extends Extra, Record<PropertyKey, unknown> {
  actor?: Actor;
  leave?: () => void;
}

/** The sockets of one listener. */
interface Sockets {
  readonly wss: WebSocketServer;
  /** How many each address has. */
  readonly seats: Map<string, number>;
  open(extra: Seated): void;
}

const tooMany = 4429;

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** One credential: the bearer of `connection_init`, or the cookie that came with an allowed origin; never both. */
async function seat(parts: HttpParts, req: IncomingMessage, params: unknown): Promise<Actor | undefined> {
  // Who acts for a customer says so in each request; a socket would go on without being asked.
  if (params && typeof params === 'object' && 'x-acting' in params) return undefined;
  const given = params && typeof params === 'object' && 'authorization' in params ? params.authorization : undefined;
  const cookie = accessCookie(req.headers.cookie);
  if (given !== undefined && cookie) return undefined;
  const [, bearer] = typeof given === 'string' ? (/^Bearer (\S+)$/i.exec(given) ?? []) : [];
  const token = bearer ?? (isOurOrigin(parts.config, req.headers.origin) ? cookie : undefined);
  return token ? judge(parts, token) : undefined;
}

function watchRate(socket: WebSocket): void {
  let count = 0;
  const timer = setInterval(() => (count = 0), 10_000).unref();
  const see = (): void => {
    count += 1;
    if (count > limits.socketMessages) socket.close(tooMany, 'Too many messages');
    // Whoever goes on without a word of farewell is cut off.
    if (count > 2 * limits.socketMessages) socket.terminate();
  };
  socket.on('message', see).on('ping', see);
  socket.once('close', () => clearInterval(timer));
}

/** Takes a seat for an address until its socket is closed; false when it has too many. */
function takeSeat(seats: Map<string, number>, ip: string, most: number, socket: Duplex): boolean {
  const taken = seats.get(ip) ?? 0;
  if (taken >= most) return false;
  seats.set(ip, taken + 1);
  socket.once('close', () => {
    const others = (seats.get(ip) ?? 1) - 1;
    if (others) seats.set(ip, others);
    else seats.delete(ip);
  });
  return true;
}

function onUpgrade({ config }: HttpParts, sockets: Sockets, req: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => socket.destroy());
  if (isTwice(req)) return refuseUpgrade(socket, '400 Bad Request');
  if ((req.url ?? '').split('?')[0] !== '/graphql') return refuseUpgrade(socket, '404 Not Found');
  const { origin, authorization } = req.headers;
  // A page names its origin; whoever names a foreign one is a page of somebody else.
  if (origin !== undefined && !isOurOrigin(config, origin)) return refuseUpgrade(socket, '403 Forbidden');
  if (authorization !== undefined || req.headers['x-acting'] !== undefined)
    return refuseUpgrade(socket, '400 Bad Request');
  const { ip, router } = requestInfo(req, config);
  // A gateway brings everybody's sockets from one address; it proves itself, and each viewer has her own limit behind it.
  const most = router ? Number.POSITIVE_INFINITY : limits.socketsPerClient;
  if (!takeSeat(sockets.seats, ip, most, socket)) return refuseUpgrade(socket, '429 Too Many Requests');
  sockets.wss.handleUpgrade(req, socket, head, (ws) => {
    watchRate(ws);
    sockets.open({ socket: ws, request: req });
  });
}

/** Errors as a socket tells them, which has no status to set. */
const withoutStatus = (errors: readonly GraphQLError[]): GraphQLFormattedError[] =>
  errors.map((error) => {
    const { extensions: { http: _, ...extensions } = {}, ...rest } = error.toJSON();
    return { ...rest, extensions };
  });

/** What one operation runs with: parsed, validated and limited as over HTTP. Only subscriptions come this way. */
async function prepare(parts: HttpParts, extra: Seated, params: SubscribePayload) {
  const info = requestInfo(extra.request, parts.config);
  if (!extra.actor) return [new GraphQLError('Sign in first.', { extensions: { code: 'UNAUTHENTICATED' } })];
  try {
    const ctx = await parts.contextFor(extra.actor, info);
    return await enveloped(parts, extra, ctx, params);
  } catch (error) {
    return [masked(error, parts.log, info.id) as GraphQLError];
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

/** Lets somebody in, or not; closes by itself for who has too many live answers. */
async function enter(parts: HttpParts, extra: Seated, params: unknown): Promise<boolean> {
  const actor = await seat(parts, extra.request, params).catch(() => undefined);
  if (!actor) return false;
  const request = requestInfo(extra.request, parts.config);
  try {
    extra.leave = parts.streams.open({ actor, request }, () => extra.socket.close(CloseCode.Forbidden, 'Forbidden'));
  } catch (error) {
    if (!(error instanceof RateLimited)) throw error;
    extra.socket.close(tooMany, 'Too many live answers');
    return false;
  }
  // Who left meanwhile has not told her farewell to the stream, and would be counted for ever.
  if (extra.socket.readyState !== extra.socket.OPEN) extra.leave();
  extra.actor = actor;
  return true;
}

type Runners = { execute: (args: unknown) => never; subscribe: (args: unknown) => never };

function speaker(parts: HttpParts): Speaker<Seated> {
  return makeServer<Record<string, unknown>, Seated>({
    connectionInitWaitTimeout: limits.socketInitMs,
    execute: (args) => (args.rootValue as Runners).execute(args),
    subscribe: (args) => (args.rootValue as Runners).subscribe(args),
    onConnect: ({ extra, connectionParams }) => enter(parts, extra, connectionParams),
    onClose: ({ extra }) => extra.leave?.(),
    onSubscribe({ extra, subscriptions }, _id, payload) {
      if (Object.keys(subscriptions).length > limits.subscriptionsPerSocket) {
        return [new GraphQLError('Too many subscriptions.', { extensions: { code: 'RATE_LIMITED' } })];
      }
      return prepare(parts, extra, payload);
    },
    onError: (_ctx, _id, _payload, errors) => withoutStatus(errors),
    onNext: (_ctx, _id, _payload, _args, { data, errors }) =>
      errors ? { ...(data === undefined ? {} : { data }), errors: withoutStatus(errors) } : undefined,
  });
}

/** Serves `graphql-transport-ws` on `/graphql` of the public listener. */
export function serveSockets(parts: HttpParts, server: Server): { stop(): Promise<void> } {
  const options = { noServer: true, maxPayload: limits.socketMessageBytes, perMessageDeflate: false, handleProtocols };
  const wss = new WebSocketServer(options);
  const protocol = speaker(parts);
  const sockets = { wss, seats: new Map<string, number>(), open: (extra: Seated) => speak(protocol, extra, parts.log) };
  server.on('upgrade', (req, socket, head) => onUpgrade(parts, sockets, req, socket, head));
  return {
    async stop() {
      for (const ws of wss.clients) ws.close(1001, 'Going away');
      await new Promise((resolve) => wss.close(resolve));
    },
  };
}
