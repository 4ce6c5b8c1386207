import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  request as requestHttp,
  type Server,
  type ServerResponse,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import { type GatewayRuntime, getGraphQLWSOptions } from '@graphql-hive/gateway-runtime';
import { CloseCode } from 'graphql-ws';
import { type Extra, useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { admitSocket, endOf, onwardHeaders, Refused, socketViewerOf, viewerOf, wayOf } from './door.ts';
import { createSupergraph, type SupergraphSettings } from './supergraph.ts';

/** What a gateway on the origin of the sign-in needs. */
export interface GatewaySettings extends SupergraphSettings {
  /** Our service, which browsers reach only through here. */
  readonly customersUrl: string;
  /** Origins whose pages may ask with the cookie; the first is that of this gateway, the service's `PUBLIC_URL`. */
  readonly origins: readonly string[];
}

const limits = {
  headerBytes: 16 * 1024,
  bodyBytes: 128 * 1024,
  messageBytes: 64 * 1024,
  longestTimerMs: 2 ** 31 - 1,
  drainMs: 5000,
};
const isGraph = ({ url = '' }: IncomingMessage): boolean => url.split('?')[0] === '/graphql';

function refuse(res: ServerResponse, { status, code, message }: Refused): void {
  if (res.headersSent) return void res.destroy();
  if (status === 413) res.setHeader('connection', 'close');
  res.writeHead(status, { 'content-type': 'application/problem+json' });
  res.end(JSON.stringify({ type: 'about:blank', title: message, status, code }));
}

/** Pages of the listed origins may read answers. Returns whether the request only asked about that. */
function answerCors(req: IncomingMessage, res: ServerResponse, origins: readonly string[]): boolean {
  res.setHeader('vary', 'origin');
  if (req.headers.origin !== undefined && origins.includes(req.headers.origin)) {
    res.setHeader('access-control-allow-origin', req.headers.origin);
    res.setHeader('access-control-allow-credentials', 'true');
    res.setHeader('access-control-allow-headers', 'authorization, content-type, x-acting, x-csrf');
  }
  if (req.method !== 'OPTIONS') return false;
  res.writeHead(204).end();
  return true;
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > limits.bodyBytes) throw new Refused(413, 'VALIDATION', 'The request is too large.');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

async function answerGraph(
  runtime: GatewayRuntime,
  origins: readonly string[],
  req: IncomingMessage,
  res: ServerResponse,
) {
  res.setHeader('cache-control', 'no-store');
  res.setHeader('x-content-type-options', 'nosniff');
  if (answerCors(req, res, origins)) return;
  const token = viewerOf(req, origins);
  const body = await bodyOf(req);
  req.headers = onwardHeaders(req, token);
  await runtime(Object.assign(req, { body }), res);
}

const ofOneHop = ['connection', 'expect', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/** Whatever is not the graph is our service's: sign-in, account pages. It guards them itself, by cookie. */
function passOn(customersUrl: string, req: IncomingMessage, res: ServerResponse): void {
  const { protocol, hostname, port } = new URL(customersUrl);
  const headers = { ...req.headers, 'x-forwarded-for': wayOf(req) };
  for (const name of ofOneHop) if (name !== 'transfer-encoding') delete (headers as IncomingMessage['headers'])[name];
  // The path as it is, never `new URL(path, base)`: `//elsewhere` would name another host.
  const onward = (protocol === 'https:' ? requestHttps : requestHttp)(
    { hostname, port, method: req.method, path: req.url, headers },
    (answer) => {
      for (const name of ofOneHop) delete answer.headers[name];
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, res, () => undefined);
    },
  );
  onward.on('error', () => refuse(res, new Refused(503, 'UNAVAILABLE', 'Try again in a moment.')));
  res.once('close', () => onward.destroy());
  pipeline(req, onward, () => undefined);
}

/** A socket with the token of the one viewer it belongs to. */
interface Seated extends Extra, Record<PropertyKey, unknown> {
  token?: string;
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

function serveSockets(server: Server, runtime: GatewayRuntime, origins: readonly string[]): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.messageBytes });
  server.on('upgrade', (req, socket, head) => {
    socket.on('error', () => socket.destroy());
    try {
      if (!isGraph(req)) throw new Refused(404, 'NOT_FOUND', 'There is nothing here.');
      admitSocket(req, origins);
    } catch (error) {
      return refuseUpgrade(socket, error instanceof Refused ? error.status : 500);
    }
    return sockets.handleUpgrade(req, socket, head, (ws) => sockets.emit('connection', ws, req));
  });
  const requestOf = ({ token, request }: Seated): Request =>
    new Request('http://gateway/graphql', { headers: onwardHeaders(request, token) });
  const { dispose } = useServer<Record<string, unknown>, Seated>(
    {
      ...getGraphQLWSOptions<Record<string, unknown>, Seated>(runtime, ({ extra }) => ({ request: requestOf(extra) })),
      isProd: true,
      onConnect({ extra, connectionParams }) {
        try {
          extra.token = socketViewerOf(extra.request, connectionParams, origins);
        } catch {
          return false;
        }
        const end = (): void => extra.socket.close(CloseCode.Forbidden, 'Forbidden');
        const timer = setTimeout(end, Math.min(endOf(extra.token) - Date.now(), limits.longestTimerMs));
        extra.socket.once('close', () => clearTimeout(timer));
        return true;
      },
    },
    sockets,
  );
  return async () => dispose();
}

/** A gateway that listens once `server` is told where. */
export interface Gateway {
  readonly server: Server;
  /** Ends sockets (1001, so that clients come again) and streams, and lets what is being answered be answered. */
  stop(): Promise<void>;
}

/** `/graphql` is the supergraph, all else our service. */
export async function createGateway(settings: GatewaySettings): Promise<Gateway> {
  const { customersUrl, origins } = settings;
  const runtime = createSupergraph(settings);
  // Otherwise the first request reads it, and a socket that comes before any request fails.
  await runtime.getSchema();
  const server = createServer({ maxHeaderSize: limits.headerBytes, requestTimeout: 15_000 }, (req, res) => {
    if (!req.url?.startsWith('/')) return refuse(res, new Refused(400, 'VALIDATION', 'This is no path.'));
    if (!isGraph(req)) return passOn(customersUrl, req, res);
    answerGraph(runtime, origins, req, res).catch((error: unknown) =>
      refuse(
        res,
        error instanceof Refused ? error : new Refused(500, 'INTERNAL_SERVER_ERROR', 'Something went wrong.'),
      ),
    );
  });
  const endSockets = serveSockets(server, runtime, origins);
  return {
    server,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      await endSockets();
      setTimeout(() => server.closeAllConnections(), limits.drainMs).unref();
      await closed;
      await runtime[Symbol.asyncDispose]();
    },
  };
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be given.`);
  return value;
}

if (import.meta.main) {
  const { server, stop } = await createGateway({
    supergraph: readFileSync(setting('SUPERGRAPH'), 'utf8'),
    routerSecret: setting('ROUTER_SECRET'),
    customersUrl: setting('CUSTOMERS_URL'),
    origins: setting('ORIGINS').split(','),
    log: (line) => process.stderr.write(`${line}\n`),
  });
  server.listen(Number(setting('PORT')));
  process.once('SIGTERM', () => void stop().then(() => process.exit(0)));
}
