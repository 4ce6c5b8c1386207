import { system } from '../../domain/access.ts';
import type { ContactChannel, PendingContact } from '../../domain/contacts.ts';
import { CustomerAccount } from '../../domain/customer-account.ts';
import { Unavailable } from '../../domain/errors.ts';
import { type Email, emailLookupOf } from '../../domain/values/email.ts';
import { forUpdate } from '../../messaging/for-update.ts';
import {
  convergeNow,
  dropCustomer,
  dropUser,
  type HolderCtx,
  holderOf,
  ownerOf,
} from '../identity/identity-service.ts';
import { subjectsOf } from '../../read-model/subjects.ts';
import { applyTask, tellOwnerTask } from './contact-tasks.ts';

/** What giving contacts to Keycloak needs. */
export type ApplyCtx = HolderCtx;

/** Others may take the same address meanwhile. */
const tries = 3;

function provenOf(ctx: ApplyCtx, customerId: string): Promise<readonly PendingContact[]> {
  return ctx.transactAs({ actor: system(applyTask), requestId: customerId }, async (em) => {
    const account = await em.findOne(CustomerAccount, { id: customerId });
    return account?.contacts.pending.filter(({ provenAt }) => provenAt) ?? [];
  });
}

/** It cannot be hers: another one has proven it, or Keycloak does not take it. */
async function withdraw(ctx: ApplyCtx, customerId: string, changeId: string, owner?: string): Promise<void> {
  await ctx.transactAs({ actor: system(applyTask), requestId: changeId }, async (em) => {
    const account = await forUpdate(em, customerId);
    account.withdrawContact(changeId, { at: ctx.clock.now(), by: 'SYSTEM' });
    if (owner) await ctx.work.enqueue(em, tellOwnerTask, owner);
  });
  ctx.log.info({ customerId, taken: owner !== undefined }, 'a proven contact is not given');
}

/**
 * Makes room for a proven address: whoever holds it without a proof loses it, here and at Keycloak (design, decision 9).
 *
 * @returns whose it is instead; undefined when it is free
 */
async function cleared(ctx: ApplyCtx, customerId: string, email: Email): Promise<string | undefined> {
  const holder = await holderOf(ctx, emailLookupOf(email));
  if (!holder || holder.customerId === customerId) return undefined;
  if (holder.owns) return holder.customerId;
  await dropCustomer(ctx, holder.customerId);
  return undefined;
}

/** Another user has it at Keycloak. @returns whose it is; undefined when there is room now */
async function clearedThere(ctx: ApplyCtx, subject: string, email: Email): Promise<string | undefined> {
  const other = await ctx.keycloak.findByEmail(email);
  if (!other || other.id === subject) return undefined;
  const owner = other.emailVerified ? (await convergeNow(ctx, other.id)).customerId : await ownerOf(ctx, other.id);
  if (owner || other.emailVerified) return owner ?? '';
  await dropUser(ctx, other.id);
  return undefined;
}

/**
 * Gives a proven address to a user at Keycloak.
 *
 * @returns whether she has it; else whose it is, '' for somebody who is no customer
 * @throws Unavailable
 */
export async function giveEmail(
  ctx: ApplyCtx,
  { customerId, subject, email }: { customerId: string; subject: string; email: Email },
): Promise<Given> {
  for (let attempt = 0; attempt < tries; attempt++) {
    const owner = await cleared(ctx, customerId, email);
    if (owner !== undefined) return { owner };
    const done = await ctx.keycloak.contacts.setEmail(subject, email);
    if (done !== 'conflict') return done === 'done' ? 'done' : 'refused';
    const there = await clearedThere(ctx, subject, email);
    if (there !== undefined) return { owner: there };
  }
  throw new Unavailable(1);
}

type Given = 'done' | 'refused' | { readonly owner: string };

async function give(
  ctx: ApplyCtx,
  channel: ContactChannel,
  { customerId, subject, value }: { customerId: string; subject: string; value: string },
): Promise<Given> {
  if (channel === 'EMAIL') return giveEmail(ctx, { customerId, subject, email: value as Email });
  // A number is of whoever proved it last: the look that follows takes it from its holder.
  return (await ctx.keycloak.contacts.setPhone(subject, value || null)) === 'done' ? 'done' : 'refused';
}

/** Looks at her user, so that what Keycloak has now counts here. @throws Unavailable while another one looks at her */
export async function lookAgain(ctx: ApplyCtx, subject: string): Promise<void> {
  const { outcome } = await convergeNow(ctx, subject);
  if (outcome === 'busy') throw new Unavailable(1);
}

/**
 * Gives proven contacts to Keycloak and takes from there that they are primary now: it is the one writer of what people
 * sign in with. Run again, or killed between any two steps, it does no harm.
 *
 * @throws Unavailable
 */
export async function applyContacts(ctx: ApplyCtx, customerId: string): Promise<void> {
  for (const { id, channel, value } of await provenOf(ctx, customerId)) {
    const [subject] = await subjectsOf(ctx, customerId);
    const given = subject ? await give(ctx, channel, { customerId, subject, value }) : 'refused';
    if (given === 'done' && subject) await lookAgain(ctx, subject);
    else await withdraw(ctx, customerId, id, typeof given === 'object' && given.owner ? given.owner : undefined);
  }
}
