import type { Ctx } from '../../context.ts';
import { NotFound, StatusConflict, Unavailable } from '../../domain/errors.ts';
import { type LinkPurpose, type LinkToken, parseLinkToken } from '../../domain/mail-link.ts';
import { forUpdate } from '../../messaging/for-update.ts';
import { actorOfLink, findLink, useLink } from '../../messaging/links.ts';
import { lockTask } from '../../messaging/shared-tasks.ts';
import { applyContacts, type ApplyCtx } from './apply-contacts.ts';
import { carryOutLock, endHerSessions } from './contact-lock.ts';
import { applyTask } from './contact-tasks.ts';

/** What acting by a link needs. */
export type ContactLinkCtx = ApplyCtx & Pick<Ctx, 'request'>;

/** What is done to the account by the link; the transaction is open. */
type Deed = (em: Parameters<typeof forUpdate>[0], customerId: string, changeId: string) => Promise<void>;

/** Whoever has the link acts by it, whoever is signed in. What cannot be done any more is as if it had never been. */
async function byLink(ctx: ContactLinkCtx, purpose: LinkPurpose, text: string, deed: Deed): Promise<string> {
  const token = parseLinkToken(text);
  const link = token && (await findLink(ctx.pool, token, ctx.clock.now()));
  if (!token || !link) throw new NotFound();
  const act = { actor: actorOfLink(link), requestId: ctx.request.id };
  try {
    return await ctx.transactAs(act, async (em) => {
      const used = await useLink(em, token, { purpose, at: ctx.clock.now() });
      await deed(em, used.customerId, used.reference ?? '');
      return used.customerId;
    });
  } catch (error) {
    throw error instanceof StatusConflict ? new NotFound() : error;
  }
}

/** What follows at Keycloak is done now if it can be; else the job does it, and nothing is lost. */
export async function orLater(ctx: Pick<Ctx, 'log'>, customerId: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    if (!(error instanceof Unavailable)) throw error;
    ctx.log.warn({ customerId }, 'a contact waits for Keycloak');
  });
}

/**
 * The new contact is proven by the link that went to it. It becomes primary as soon as Keycloak has it.
 *
 * @returns the customer's id
 * @throws NotFound  for a link that is used, over, unknown or for something else, and for a change that is void
 */
export async function confirmContactChange(ctx: ContactLinkCtx, token: LinkToken | string): Promise<string> {
  const customerId = await byLink(ctx, 'CONTACT_PROOF', token, async (em, id, changeId) => {
    const account = await forUpdate(em, id);
    account.proveContact(changeId, { at: ctx.clock.now(), by: 'SELF' });
    await ctx.work.enqueue(em, applyTask, id);
  });
  await orLater(ctx, customerId, () => applyContacts(ctx, customerId));
  return customerId;
}

/**
 * The owner of a former contact says that the change was not hers: everybody is signed out, what the account gained since
 * goes, the contact comes back, and the account opens only with something from before (design, decision 14).
 *
 * @returns the customer's id
 * @throws NotFound  for a link that is used, over, unknown or for something else
 */
export async function revertContactChange(ctx: ContactLinkCtx, token: LinkToken | string): Promise<string> {
  const customerId = await byLink(ctx, 'CONTACT_REVERT', token, async (em, id, changeId) => {
    const account = await forUpdate(em, id);
    account.revertContact(changeId, { at: ctx.clock.now(), by: 'SELF' });
    await endHerSessions(ctx, id);
    await ctx.work.enqueue(em, lockTask, id);
  });
  await orLater(ctx, customerId, () => carryOutLock(ctx, customerId));
  return customerId;
}
