import type { IncomingMessage } from 'node:http';

/** Why somebody is not let in; told as our service tells it. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, title: string) {
    super(title);
    this.status = status;
    this.code = code;
  }
}

const unauthenticated = (): Refused => new Refused(401, 'UNAUTHENTICATED', 'Sign in first.');
const forbidden = (): Refused => new Refused(403, 'FORBIDDEN', 'Only our own pages may ask with a cookie.');

/** Of two of these one program may read the first and another the last. */
const once = ['authorization', 'content-length', 'content-type', 'cookie', 'host', 'origin', 'x-acting'];

function isTwice({ rawHeaders }: IncomingMessage): boolean {
  const names = rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  return once.some((name) => names.indexOf(name) !== names.lastIndexOf(name));
}

/** When a token ends, in milliseconds; NaN for what is none. It can only refuse earlier: whether a token is genuine, our service judges. */
export function endOf(token: string): number {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return Number((claims as { exp?: unknown }).exp) * 1000;
  } catch {
    return Number.NaN;
  }
}

function living(token: string | undefined): string | undefined {
  if (token !== undefined && !(endOf(token) > Date.now())) throw unauthenticated();
  return token;
}

function cookieOf({ headers }: IncomingMessage): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  const values = pairs.filter((pair) => pair.startsWith('__Host-access=')).map((pair) => pair.slice(14));
  if (values.length > 1) throw unauthenticated();
  return values[0] || undefined;
}

function bearerOf(text: unknown): string | undefined {
  if (text === undefined) return undefined;
  const [, token] = typeof text === 'string' ? (/^Bearer ([^\s,]+)$/i.exec(text) ?? []) : [];
  if (!token) throw unauthenticated();
  return token;
}

/** Media types that a page of another site cannot send without asking first. */
const isJson = (type: string | undefined): boolean =>
  /^application\/(graphql-response\+)?json\s*(;|$)/i.test(type ?? '');

/**
 * Whose token a request to the graph carries; undefined for nobody's.
 *
 * A browser sends its cookie with whatever any page makes it send. So a cookie counts only beside `x-csrf: 1`, which no
 * page of another site can add, and an origin of ours; for a GET too, since a subscription may be one.
 *
 * @throws Refused
 */
export function viewerOf(req: IncomingMessage, origins: readonly string[]): string | undefined {
  const { method, headers } = req;
  if (isTwice(req)) throw new Refused(400, 'VALIDATION', 'A header stands twice.');
  if (method !== 'GET' && method !== 'POST') throw new Refused(405, 'VALIDATION', 'This method is not allowed here.');
  if (method === 'POST' && !isJson(headers['content-type']))
    throw new Refused(415, 'VALIDATION', 'The body must be application/json.');
  // Staff who act for a customer name it: without a name she would be taken for herself.
  if (headers['x-acting'] === '') throw forbidden();
  const [bearer, cookie] = [bearerOf(headers.authorization), cookieOf(req)];
  // One of the two may be somebody else's.
  if (bearer && cookie) throw unauthenticated();
  // A browser leaves the origin of a GET to its own site away, and says so instead.
  const ours =
    headers.origin === undefined ? headers['sec-fetch-site'] === 'same-origin' : origins.includes(headers.origin);
  if (cookie && (headers['x-csrf'] !== '1' || !ours)) throw forbidden();
  return living(bearer ?? cookie);
}

/**
 * Lets a socket be opened, or not: a page names its origin before the 101, and whoever names a foreign one is a page of
 * somebody else.
 *
 * @throws Refused
 */
export function admitSocket(req: IncomingMessage, origins: readonly string[]): void {
  const { origin, authorization } = req.headers;
  // Over a socket nobody acts for a customer, as at our service itself.
  if (isTwice(req) || authorization !== undefined || req.headers['x-acting'] !== undefined)
    throw new Refused(400, 'VALIDATION', 'Not this way.');
  if (origin !== undefined && !origins.includes(origin)) throw forbidden();
}

/**
 * Whose token a socket carries: the bearer of `connection_init`, or the cookie that came with an origin of ours.
 *
 * @throws Refused
 */
export function socketViewerOf(req: IncomingMessage, params: unknown, origins: readonly string[]): string {
  if (typeof params === 'object' && params !== null && 'x-acting' in params) throw forbidden();
  const bearer = bearerOf((params as { authorization?: unknown } | undefined)?.authorization);
  const cookie = cookieOf(req);
  if (bearer && cookie) throw unauthenticated();
  const token = living(bearer ?? (origins.includes(req.headers.origin ?? '') ? cookie : undefined));
  if (!token) throw unauthenticated();
  return token;
}

type Came = Pick<IncomingMessage, 'headers'> & { readonly socket: { readonly remoteAddress?: string | undefined } };

/** The way a request came: our service counts by the nearest address that is none of its `TRUSTED_PROXIES`. */
export const wayOf = ({ headers, socket }: Came): string =>
  [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', ');

/** Headers of the request as an app would send it. The cookie ends here, before any plugin sees it. */
export function onwardHeaders(req: Came, token: string | undefined): Record<string, string> {
  const { accept, 'content-type': type } = req.headers;
  const authorization = token && `Bearer ${token}`;
  const acting = req.headers['x-acting'];
  const onward = {
    accept,
    'content-type': type,
    authorization,
    'x-acting': typeof acting === 'string' ? acting : undefined,
    'x-forwarded-for': wayOf(req),
  };
  return Object.fromEntries(Object.entries(onward).filter((pair): pair is [string, string] => Boolean(pair[1])));
}
