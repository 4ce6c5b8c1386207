import type { Ctx } from '../../context.ts';
import { type Identity, may } from '../../domain/access.ts';
import { Forbidden, Unauthenticated } from '../../domain/errors.ts';

/**
 * Whoever changes her own contacts: nobody else may.
 *
 * @throws Unauthenticated, Forbidden
 */
export function herself({ actor }: Pick<Ctx, 'actor'>): Identity {
  if (actor.kind === 'nobody') throw new Unauthenticated();
  if (actor.kind !== 'person' || !actor.identity || !may(actor, 'customer:self')) throw new Forbidden();
  return actor.identity;
}
