import type { Hono } from 'hono';
import { z } from 'zod';
import { jsonBody, type RouteContext, type RouteEnv, routes } from '../../http/route.ts';
import { actingUnderWay, beginActing, type Begun, endActing } from './acting-service.ts';

// Its length and what is in it the service judges, so that a client hears which it was.
const wish = z.strictObject({ customerId: z.string(), reason: z.string(), write: z.boolean().optional() });

const told = ({ id, customerId, reason, write, startedAt, until }: Begun): object => ({
  id,
  customerId,
  reason,
  write,
  startedAt,
  until,
});

async function begin(c: RouteContext): Promise<Response> {
  return c.json(told(await beginActing(c.env.ctx, await jsonBody(c, wish))), 201);
}

async function underWay(c: RouteContext): Promise<Response> {
  const acting = await actingUnderWay(c.env.ctx);
  return c.json({ acting: acting ? told(acting) : null });
}

async function end(c: RouteContext): Promise<Response> {
  await endActing(c.env.ctx);
  return c.body(null, 204);
}

/** The doors of acting for a customer (contracts: rest; design, decision 30). */
export function actingRoutes(): Hono<RouteEnv> {
  return routes().post('/auth/acting', begin).get('/auth/acting', underWay).delete('/auth/acting', end);
}
