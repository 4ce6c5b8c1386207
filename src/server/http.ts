import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Ctx, RequestInfo } from '../context.ts';
import { type Actor, nobody } from '../domain/access.ts';
import { DomainError } from '../domain/errors.ts';
import { asDomainError } from '../http/failure.ts';
import { retryAfter, type RouteEnv } from '../http/route.ts';
import type { Config } from '../platform/config.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { readBody } from './body.ts';
import type { ContextFor } from './contexts.ts';
import type { Graph } from './graphql.ts';
import { limits } from './limits.ts';
import { isTwice, requestInfo } from './request-info.ts';
import { statusOf } from './status.ts';
import type { Streams } from './streams.ts';
import { isOurOrigin, type ViewerParts, viewerOf } from './viewer.ts';

/** What the public listener is made of. */
export interface HttpParts extends ViewerParts {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly graph: Graph;
  readonly routes: Hono<RouteEnv>;
  readonly contextFor: ContextFor;
  readonly streams: Streams;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * What is too large is thrown away for a while before the connection is cut: a client that has not finished sending
 * would meet the cut before it reads our answer.
 */
function hearOut(req: IncomingMessage): void {
  const patience = setTimeout(() => req.socket.destroy(), limits.hearOutMs).unref();
  req.once('end', () => clearTimeout(patience)).resume();
}

function refuse(res: ServerResponse, status: number, code: string, title: string): void {
  if (res.headersSent) return void res.destroy();
  if (status === 413) hearOut(res.req);
  res.writeHead(status, { 'content-type': 'application/problem+json' });
  res.end(JSON.stringify({ type: 'about:blank', title, status, code }));
}

function refuseBy(error: unknown, res: ServerResponse, log: Log, id: string): void {
  const known = asDomainError(error, 5);
  if (!known) {
    log.error({ err: error, requestId: id }, 'a request failed');
    return refuse(res, 500, 'INTERNAL_SERVER_ERROR', 'Something went wrong.');
  }
  const seconds = retryAfter(known);
  if (seconds !== undefined) res.setHeader('retry-after', String(seconds));
  refuse(res, statusOf[known.code], known.code, known.message);
}

/** Headers of every answer, also of those that Node's parser gives. */
const safeHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

function setSafeHeaders(res: ServerResponse, production: boolean): void {
  for (const [name, value] of Object.entries(safeHeaders)) res.setHeader(name, value);
  res.setHeader('cross-origin-opener-policy', 'same-origin');
  res.setHeader('cross-origin-resource-policy', 'same-site');
  if (production) res.setHeader('strict-transport-security', 'max-age=63072000; includeSubDomains');
}

/** Exactly the listed origins may read answers; nobody else's is ever repeated. Returns whether the request was a preflight. */
function answerCors({ config }: HttpParts, req: IncomingMessage, res: ServerResponse): boolean {
  const { origin } = req.headers;
  res.setHeader('vary', 'origin');
  if (origin !== undefined && isOurOrigin(config, origin)) {
    res.setHeader('access-control-allow-origin', origin);
    res.setHeader('access-control-allow-credentials', 'true');
    if (req.method === 'OPTIONS') {
      res.setHeader('access-control-allow-methods', 'GET, POST, DELETE');
      res.setHeader('access-control-allow-headers', 'authorization, content-type, idempotency-key, x-acting, x-csrf');
      res.setHeader('access-control-max-age', '600');
    }
  }
  if (req.method !== 'OPTIONS') return false;
  res.writeHead(204).end();
  return true;
}

/** Media types that a page of another site cannot send without a preflight. */
const isJson = (type: string | undefined): boolean =>
  /^application\/(graphql-response\+)?json\s*(;|$)/i.test(type ?? '');
const wantsStream = (req: IncomingMessage): boolean =>
  /(^|,)text\/event-stream(;|,|$)/i.test((req.headers.accept ?? '').replaceAll(/\s/g, ''));

/** Only who names a stream gets one: by a wildcard it would last without being counted, and outlive a revocation. */
function withoutWildcards(req: IncomingMessage): void {
  const { accept } = req.headers;
  if (accept === undefined || accept.includes('*'))
    req.headers.accept = 'application/graphql-response+json, application/json';
}

/** A small body could unpack into a very large one. */
const isCompressed = ({ headers }: IncomingMessage): boolean =>
  !/^(identity)?$/i.test(headers['content-encoding']?.trim() ?? '');

/** The library would take such a thing for a failure of ours, and log the text. */
function hasBadParameters({ url = '' }: IncomingMessage): boolean {
  const given = new URLSearchParams(url.split('?')[1]);
  return ['variables', 'extensions'].some((name) => {
    const text = given.get(name);
    try {
      return Boolean(text) && typeof JSON.parse(text ?? '') !== 'object';
    } catch {
      return true;
    }
  });
}

/** Why a request cannot be one to the graph; decided before anybody asks who sends it. */
function refusedByForm({ config }: HttpParts, req: IncomingMessage): [status: number, title: string] | undefined {
  if (req.method !== 'GET' && req.method !== 'POST') return [405, 'This method is not allowed here.'];
  // A GET may carry a query of a foreign page: only ours may ask so.
  if (req.method === 'GET' && config.production && req.headers['x-csrf'] !== '1') return [405, 'Ask by POST.'];
  if (req.method === 'GET' && hasBadParameters(req)) return [400, 'The variables of a query are a JSON object.'];
  if (req.method === 'POST' && !isJson(req.headers['content-type'])) return [415, 'The body must be application/json.'];
  return undefined;
}

async function answerGraph(parts: HttpParts, req: IncomingMessage, res: ServerResponse, ctx: Ctx): Promise<void> {
  const isPage = !parts.config.production && req.method === 'GET' && /\btext\/html\b/.test(req.headers.accept ?? '');
  if (isPage) res.removeHeader('content-security-policy');
  const body = await readBody(req, limits.bodyBytes);
  if (!body) return refuse(res, 413, 'VALIDATION', 'The request is too large.');
  const lasts = wantsStream(req);
  if (!lasts && !isPage) withoutWildcards(req);
  const left = lasts ? parts.streams.open(ctx, () => res.destroy()) : undefined;
  res.once('close', () => left?.());
  // Read to its end already, as the limit asks: the graph gets it as text.
  Object.assign(req, { body: body.toString('utf8') });
  await parts.graph(req, res, { ctx });
}

async function answerRoute(parts: HttpParts, req: IncomingMessage, res: ServerResponse, env: RouteEnv['Bindings']) {
  const body = await readBody(req, limits.bodyBytes);
  if (!body) return refuse(res, 413, 'VALIDATION', 'The request is too large.');
  Object.assign(req, { rawBody: body });
  const listener = getRequestListener((request) => parts.routes.fetch(request, env), {
    overrideGlobalObjects: false,
  });
  await listener(req, res);
}

/** Pages can always be asked for: a bad cookie there is nobody's, and is answered by signing in anew. */
async function viewer(parts: HttpParts, req: IncomingMessage, isGraph: boolean): Promise<Actor> {
  const { method = 'GET', headers } = req;
  const ownGuard = !isGraph;
  if (ownGuard && headers.authorization === undefined) {
    return viewerOf(parts, { headers, guarded: false }).catch((error: unknown) => {
      if (error instanceof DomainError && error.code === 'UNAUTHENTICATED') return nobody;
      throw error;
    });
  }
  return viewerOf(parts, { headers, guarded: isGraph || !['GET', 'HEAD'].includes(method) });
}

/**
 * What the request works with: as the viewer, or as who acts for a customer. That is named in each request, so that
 * nobody does it by accident: by a header, which no page of others and no link can send; by the address only where a page
 * of ours is looked at.
 */
async function environmentOf(
  parts: HttpParts,
  req: IncomingMessage,
  info: RequestInfo,
  isGraph: boolean,
): Promise<RouteEnv['Bindings']> {
  const actor = await viewer(parts, req, isGraph);
  const header = req.headers['x-acting'];
  if (typeof header === 'string') return { ctx: await parts.contextFor(actor, info, header) };
  const isPage = !isGraph && (req.method === 'GET' || req.method === 'HEAD');
  const inAddress = isPage ? new URLSearchParams((req.url ?? '').split('?')[1]).get('acting') : null;
  // Whoever is not signed in is sent to do that first, and comes back here.
  if (inAddress === null || actor.kind === 'nobody') return { ctx: await parts.contextFor(actor, info) };
  try {
    return { ctx: await parts.contextFor(actor, info, inAddress) };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'FORBIDDEN') throw error;
    return { ctx: await parts.contextFor(nobody, info), actingOver: true };
  }
}

async function handle(parts: HttpParts, req: IncomingMessage, res: ServerResponse, info: RequestInfo): Promise<void> {
  setSafeHeaders(res, parts.config.production);
  res.setHeader('x-request-id', info.id);
  if (!methods.has(req.method ?? '')) return refuse(res, 501, 'VALIDATION', 'This method is not known here.');
  if (isTwice(req)) return refuse(res, 400, 'VALIDATION', 'A header stands twice.');
  if (answerCors(parts, req, res)) return;
  if (isCompressed(req)) {
    res.setHeader('accept-encoding', 'identity');
    return refuse(res, 415, 'VALIDATION', 'The body must not be compressed.');
  }
  const isGraph = (req.url ?? '').split('?')[0] === '/graphql';
  const refused = isGraph ? refusedByForm(parts, req) : undefined;
  if (refused) {
    res.setHeader('allow', 'GET, POST');
    return refuse(res, refused[0], 'VALIDATION', refused[1]);
  }
  const env = await environmentOf(parts, req, info, isGraph);
  await (isGraph ? answerGraph(parts, req, res, env.ctx) : answerRoute(parts, req, res, env));
}

/** What Node's parser refuses never becomes a request, and is answered here with the headers of every answer. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  const safe = Object.entries(safeHeaders).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n${safe.join('\r\n')}\r\n\r\n`);
}

/** The public listener, not yet listening. */
export function createPublicServer(parts: HttpParts): Server {
  const options = { maxHeaderSize: limits.headerBytes, connectionsCheckingInterval: limits.slowCheckMs };
  const server = createServer({ ...options, insecureHTTPParser: false }, (req, res) => {
    const info = requestInfo(req, parts.config);
    const route = (req.url ?? '').startsWith('/graphql') ? 'graphql' : 'pages';
    const done = parts.metrics.seconds.startTimer({ route });
    res.once('close', () => (done(), parts.metrics.requests.inc({ route, status: res.statusCode })));
    void handle(parts, req, res, info).catch((error: unknown) => refuseBy(error, res, parts.log, info.id));
  });
  server.on('clientError', refuseUnreadable);
  server.headersTimeout = limits.headersTimeoutMs;
  server.requestTimeout = limits.requestTimeoutMs;
  server.keepAliveTimeout = limits.keepAliveMs;
  server.maxHeadersCount = 100;
  return server;
}
