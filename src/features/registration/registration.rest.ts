import { randomBytes, randomUUID } from 'node:crypto';
import type { Hono } from 'hono';
import { z } from 'zod';
import { Unauthenticated } from '../../domain/errors.ts';
import { jsonBody, ownCookie, type RouteContext, type RouteEnv, routes, setOwnCookie } from '../../http/route.ts';
import { confirmIntentNames } from './intent-service.ts';
import { register } from './registration-service.ts';

const text = z.string().max(1000);
const form = z.strictObject({
  email: text.optional(),
  givenName: text.nullish(),
  familyName: text.nullish(),
  locale: text,
  country: text,
  consents: z
    .array(z.object({ purpose: text }))
    .max(100)
    .nullish(),
});

/** What ties the registration to this browser, so that whoever opens the mail elsewhere is not offered its names. */
function browserSecret(c: RouteContext): string {
  const kept = ownCookie(c, 'registration');
  return kept && /^[\w-]{43}$/.test(kept) ? kept : randomBytes(32).toString('base64url');
}

async function postRegistration(c: RouteContext): Promise<Response> {
  const { ctx } = c.env;
  const wanted = await jsonBody(c, form);
  const secret = browserSecret(c);
  const idempotencyKey = c.req.header('idempotency-key') ?? randomUUID();
  const taken = await register(ctx, { ...wanted, idempotencyKey, browserSecret: secret });
  setOwnCookie(c, 'registration', secret, ctx.config.registration.unprovenDays * 86_400);
  return c.json(taken, 202);
}

const answer = z.strictObject({ hers: z.enum(['yes', 'no']) });

/** She says whether the names of the form are hers. */
async function postNames(c: RouteContext): Promise<Response> {
  const { ctx } = c.env;
  const own = ctx.actor.kind === 'person' ? await ctx.customers.own() : null;
  if (!own) throw new Unauthenticated();
  const { hers } = await jsonBody(c, answer);
  await confirmIntentNames(ctx, { customerId: own.id, hers: hers === 'yes' });
  setOwnCookie(c, 'registration', '', 0);
  return c.body(null, 204);
}

/** `POST /auth/register`: registering from our own page. No password: that comes after the mail's link. */
export function registrationRoutes(): Hono<RouteEnv> {
  return routes().post('/auth/register', postRegistration).post('/auth/register/names', postNames);
}
