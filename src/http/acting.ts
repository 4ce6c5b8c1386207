import type { MiddlewareHandler } from 'hono';
import { whileActing } from '../domain/access.ts';
import { Forbidden } from '../domain/errors.ts';
import { answerNotice } from './page.ts';
import type { RouteEnv } from './route.ts';

const allowed: ReadonlySet<string> = new Set(whileActing.routes);

/**
 * Lets whoever acts for a customer pass to the routes that are listed for it, and to no other; and nobody who names an
 * acting that is over, since what she wants is not her own.
 */
export const onlyWhatActingMay: MiddlewareHandler<RouteEnv> = async (c, next) => {
  const { ctx, actingOver } = c.env;
  if (actingOver) return answerNotice(c, { status: 403, text: 'actingOver' });
  if (ctx.actor.acting && !allowed.has(`${c.req.method} ${c.req.path}`)) throw new Forbidden();
  return next();
};
