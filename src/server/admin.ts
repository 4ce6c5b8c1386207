import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { isOutage } from '../platform/database.ts';
import { readBody } from './body.ts';
import { limits } from './limits.ts';

/** How a form of Keycloak's side of us is answered: 202, 422 with the fields, 429 or 503. */
export interface FormReply {
  readonly status: number;
  readonly body: object;
  readonly retryAfterSeconds?: number;
}

/** Takes a signed form, whatever it holds. */
export type FormTaker = (form: unknown) => Promise<FormReply>;

/** What the admin listener shows and takes in. */
export interface AdminParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Key of the signatures under Keycloak's deliveries. */
  readonly eventsKey: string;
  /** What readiness rests on; a check that throws is a reason. Those named `soft` are told but refuse nobody. */
  readonly checks: readonly { readonly name: string; readonly soft?: boolean; readonly check: () => Promise<void> }[];
  /** Keeps a delivery; committed when it resolves. */
  readonly receive: (events: readonly unknown[]) => Promise<void>;
  /** Forms that Keycloak's side of us posts, by path. */
  readonly forms: Readonly<Record<string, FormTaker>>;
}

const always = { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

function answer(res: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  res.writeHead(status, { ...always, ...headers });
  res.end(body);
}

/** Whether the signature `t=<seconds>,v1=<hex>` is ours, over this body, and not older than five minutes. */
export function isSigned(header: string | undefined, body: string, key: string, now: Date): boolean {
  const [, time, signature] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? '') ?? [];
  if (!time || !signature) return false;
  if (Math.abs(now.getTime() / 1000 - Number(time)) > limits.deliveryAgeSeconds) return false;
  const wanted = createHmac('sha256', key).update(`${time}.${body}`).digest();
  return timingSafeEqual(wanted, Buffer.from(signature, 'hex'));
}

/** What Keycloak's side of us sends: JSON under its signature; or the status that refuses it. */
async function signedJson(parts: AdminParts, req: IncomingMessage): Promise<{ value: unknown } | { refused: number }> {
  const bytes = await readBody(req, limits.deliveryBytes);
  if (!bytes) return { refused: 413 };
  const body = bytes.toString();
  const header = req.headers['x-signature'];
  const signature = typeof header === 'string' ? header : undefined;
  if (!isSigned(signature, body, parts.eventsKey, parts.clock.now())) return { refused: 401 };
  try {
    return { value: JSON.parse(body) as unknown };
  } catch {
    return { refused: 400 };
  }
}

async function takeDelivery(parts: AdminParts, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const signed = await signedJson(parts, req);
  if ('refused' in signed) return answer(res, signed.refused, '');
  const { events } = (signed.value ?? {}) as { events?: unknown };
  if (!Array.isArray(events)) return answer(res, 400, '');
  await parts.receive(events);
  return answer(res, 204, '');
}

async function takeForm(parts: AdminParts, req: IncomingMessage, res: ServerResponse, taker: FormTaker): Promise<void> {
  const signed = await signedJson(parts, req);
  if ('refused' in signed) return answer(res, signed.refused, '');
  const { status, body, retryAfterSeconds } = await taker(signed.value);
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return answer(res, status, JSON.stringify(body), headers);
}

/** Who takes what Keycloak's side of us posts to a path. */
function takerOf({ forms }: AdminParts, path: string): typeof takeDelivery | undefined {
  if (path === '/internal/keycloak-events') return takeDelivery;
  const taker = Object.hasOwn(forms, path) ? forms[path] : undefined;
  return taker && ((all, req, res) => takeForm(all, req, res, taker));
}

async function readiness({ checks }: AdminParts, res: ServerResponse): Promise<void> {
  const reasons: string[] = [];
  let ready = true;
  await Promise.all(
    checks.map(async ({ name, soft, check }) => {
      try {
        await check();
      } catch {
        reasons.push(name);
        if (!soft) ready = false;
      }
    }),
  );
  answer(res, ready ? 200 : 503, JSON.stringify({ ready, reasons: reasons.toSorted() }));
}

async function route(parts: AdminParts, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const [path = ''] = (req.url ?? '').split('?');
  const isGet = req.method === 'GET' || req.method === 'HEAD';
  const take = takerOf(parts, path);
  if (take) return req.method === 'POST' ? take(parts, req, res) : answer(res, 405, '');
  if (!isGet) return answer(res, 405, '');
  if (path === '/livez') return answer(res, 200, '{"live":true}');
  if (path === '/readyz') return readiness(parts, res);
  if (path !== '/metrics') return answer(res, 404, '');
  const { registry } = parts.metrics;
  return answer(res, 200, await registry.metrics(), { 'content-type': registry.contentType });
}

/** Handles requests of the admin listener, which is never public. */
export function adminHandler(parts: AdminParts): (req: IncomingMessage, res: ServerResponse) => void {
  return (req, res) => {
    void route(parts, req, res).catch((error: unknown) => {
      parts.log.error({ err: error }, 'an admin request failed');
      if (!res.headersSent) answer(res, isOutage(error) ? 503 : 500, '');
      else res.destroy();
    });
  };
}
