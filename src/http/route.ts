import { getCookie, setCookie } from 'hono/cookie';
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import type { z } from 'zod';
import type { Ctx } from '../context.ts';
import { type ErrorCode, Forbidden, RateLimited, Unavailable, ValidationFailed } from '../domain/errors.ts';
import { formPaths, isFormToken, tokenField } from './form-token.ts';

/** What every route finds beside its request: the server calls `routes.fetch(request, { ctx })`. */
export interface RouteEnv {
  Bindings: {
    readonly ctx: Ctx;
    /** The page that was asked for was to be shown for a customer, and the acting for her is over. */
    readonly actingOver?: boolean;
  };
}

/** One request at a route. */
export type RouteContext = Context<RouteEnv>;

/** An empty set of routes, to be filled by a door. */
export const routes = (): Hono<RouteEnv> => new Hono<RouteEnv>({ strict: true });

/** The cookies we set; each is sent as `__Host-<name>` (contracts: access). */
export type CookieName = 'access' | 'refresh' | 'login' | 'registration';

/**
 * Sets a cookie that only we read: `__Host-`, Secure, HttpOnly, SameSite=Lax.
 *
 * @param maxAgeSeconds  0 or less takes it away
 */
export function setOwnCookie(c: RouteContext, name: CookieName, value: string, maxAgeSeconds: number): void {
  const maxAge = Math.max(0, Math.floor(maxAgeSeconds));
  setCookie(c, name, maxAge ? value : '', {
    prefix: 'host',
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'Lax',
    maxAge,
  });
}

/** The value of one of our cookies. */
export function ownCookie(c: RouteContext, name: CookieName): string | undefined {
  return getCookie(c, name, 'host');
}

/** Whether a browser sends this by itself, as a form. */
export const isForm = (c: RouteContext): boolean =>
  /^application\/x-www-form-urlencoded\s*(;|$)/i.test(c.req.header('content-type') ?? '');

const safeMethods = ['GET', 'HEAD', 'OPTIONS'];
/** Doors whose token in path or body is the proof: a mail program or the provider knocks there (contracts: access). */
const provenByToken = /^\/(l|u)\/[^/]+$|^\/auth\/backchannel-logout$/;

/**
 * Whether a form of ours brought the token of its session; of another site it could not (decision 0053). Our pages send
 * no referrer, so the browser says `null` for their origin. Whoever is nobody any more is sent to sign in by the page.
 */
async function comesByForm(c: RouteContext): Promise<boolean> {
  if (c.req.method !== 'POST' || !formPaths.has(c.req.path) || !isForm(c)) return false;
  const { ctx } = c.env;
  const [origin = 'null', site = 'same-origin'] = [c.req.header('origin'), c.req.header('sec-fetch-site')];
  if ((origin !== 'null' && origin !== ctx.config.server.publicUrl) || site !== 'same-origin') return false;
  return ctx.actor.kind === 'nobody' || isFormToken(ctx, (await c.req.parseBody())[tokenField]);
}

/**
 * Lets only our own pages change something, whatever the route: the header `x-csrf: 1`, which no form can send, and an
 * allowed `Origin`, which no page can forge (ASVS 3.5.1). A program with a bearer and without cookies is no page.
 */
export const fromOwnPages: MiddlewareHandler<RouteEnv> = async (c, next) => {
  const isProgram = c.req.header('authorization') !== undefined && c.req.header('cookie') === undefined;
  if (safeMethods.includes(c.req.method) || provenByToken.test(c.req.path) || isProgram) return next();
  const origin = c.req.header('origin');
  const { allowedOrigins, publicUrl } = c.env.ctx.config.server;
  const allowed = origin !== undefined && (origin === publicUrl || allowedOrigins.includes(origin));
  if (!(allowed && c.req.header('x-csrf') === '1') && !(await comesByForm(c))) throw new Forbidden();
  return next();
};

/**
 * The body as JSON, checked.
 *
 * @throws ValidationFailed naming every field that is wrong, without its value
 */
export async function jsonBody<T>(c: RouteContext, schema: z.ZodType<T>): Promise<T> {
  const isJson = /^application\/json\s*(;|$)/i.test(c.req.header('content-type') ?? '');
  const body: unknown = isJson ? await c.req.json().catch(() => undefined) : undefined;
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  throw new ValidationFailed(
    read.error.issues.map(({ path, code }) => ({ path: path.map(String), rule: code, message: 'This is not valid.' })),
  );
}

/** How a refused request is told (RFC 9457). `code` is the one of the graph. */
export interface Problem {
  readonly status: number;
  readonly code: ErrorCode | 'INTERNAL_SERVER_ERROR';
  readonly title: string;
}

/** An `application/problem+json` answer. */
export function problem(c: RouteContext, { status, code, title }: Problem, more: object = {}): Response {
  const body = JSON.stringify({ type: 'about:blank', title, status, code, ...more });
  const headers = new Headers(c.res.headers);
  headers.set('content-type', 'application/problem+json');
  headers.set('cache-control', 'no-store');
  return new Response(body, { status, headers });
}

/** Seconds after which it is worth trying again, where the error knows. */
export function retryAfter(error: unknown): number | undefined {
  return error instanceof Unavailable || error instanceof RateLimited ? error.retryAfterSeconds : undefined;
}
