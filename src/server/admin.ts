import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { readBody } from './body.ts';
import { limits } from './limits.ts';

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
}

function answer(res: ServerResponse, status: number, body: string, type = 'application/json'): void {
  res.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
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

async function takeDelivery(parts: AdminParts, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const bytes = await readBody(req, limits.deliveryBytes);
  if (!bytes) return answer(res, 413, '');
  const body = bytes.toString();
  const header = req.headers['x-signature'];
  if (!isSigned(typeof header === 'string' ? header : undefined, body, parts.eventsKey, parts.clock.now())) {
    return answer(res, 401, '');
  }
  let events: unknown;
  try {
    events = (JSON.parse(body) as { events?: unknown } | null)?.events;
  } catch {
    events = undefined;
  }
  if (!Array.isArray(events)) return answer(res, 400, '');
  await parts.receive(events);
  return answer(res, 204, '');
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
  const path = (req.url ?? '').split('?')[0];
  const isGet = req.method === 'GET' || req.method === 'HEAD';
  if (path === '/internal/keycloak-events') {
    return req.method === 'POST' ? takeDelivery(parts, req, res) : answer(res, 405, '');
  }
  if (!isGet) return answer(res, 405, '');
  if (path === '/livez') return answer(res, 200, '{"live":true}');
  if (path === '/readyz') return readiness(parts, res);
  if (path !== '/metrics') return answer(res, 404, '');
  const { registry } = parts.metrics;
  return answer(res, 200, await registry.metrics(), registry.contentType);
}

/** Handles requests of the admin listener, which is never public. */
export function adminHandler(parts: AdminParts): (req: IncomingMessage, res: ServerResponse) => void {
  return (req, res) => {
    void route(parts, req, res).catch((error: unknown) => {
      parts.log.error({ err: error }, 'an admin request failed');
      if (!res.headersSent) answer(res, 503, '');
      else res.destroy();
    });
  };
}
