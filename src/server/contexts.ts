import { LRUCache } from 'lru-cache';
import type { Ctx, Parts, RequestInfo } from '../context.ts';
import { type Actor, may } from '../domain/access.ts';
import { actorActing } from '../features/acting/acting-service.ts';
import { customerOfBearer } from '../features/identity/identity-service.ts';
import { noteStaffAccess } from '../messaging/staff-access.ts';
import { CustomerReads } from '../read-model/customers.ts';

/**
 * Makes what a request works with.
 *
 * `actingId` names the acting for a customer under which the request is made; one that is not the viewer's throws.
 */
export type ContextFor = (viewer: Actor, request: RequestInfo, actingId?: string) => Promise<Ctx>;

/**
 * Every person with the right to a record of her own has one, whoever made her user: whoever comes with a token before
 * Keycloak's delivery does is looked at now, once.
 */
export function contexts(parts: Parts): ContextFor {
  const known = new LRUCache<string, true>({ max: 50_000, ttl: 3_600_000 });
  return async (viewer, request, actingId) => {
    const actor = actingId === undefined ? viewer : await actorActing(parts, viewer, actingId);
    const { identity } = actor;
    if (actor.kind === 'person' && identity && may(actor, 'customer:self')) {
      const who = `${identity.issuer} ${identity.subject}`;
      if (!known.has(who)) {
        await customerOfBearer(parts, identity);
        known.set(who, true);
      }
    }
    const transact: Ctx['transact'] = (work, reason = actor.acting?.reason) =>
      parts.transactAs({ actor, requestId: request.id, ...(reason === undefined ? {} : { reason }) }, work);
    return {
      ...parts,
      actor,
      request,
      transact,
      customers: new CustomerReads(parts, actor, noteStaffAccess(transact)),
    };
  };
}
