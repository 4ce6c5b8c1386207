import type { Ctx } from '../../context.ts';
import { system } from '../../domain/access.ts';
import type { ContactLock } from '../../domain/contacts.ts';
import { CustomerAccount } from '../../domain/customer-account.ts';
import type { Email } from '../../domain/values/email.ts';
import type { PhoneNumber } from '../../domain/values/phone-number.ts';
import { forUpdate } from '../../messaging/for-update.ts';
import { lockTask } from '../../messaging/shared-tasks.ts';
import { trustedDeviceType } from '../../platform/keycloak-credentials.ts';
import { endSessions } from '../../platform/end-sessions.ts';
import { holderOfPhone } from '../identity/identity-service.ts';
import { subjectsOf } from '../../read-model/subjects.ts';
import { type ApplyCtx, giveEmail, lookAgain } from './apply-contacts.ts';

/** Ends whatever the account has open, and refuses its tokens from now on. */
export async function endHerSessions(ctx: Pick<Ctx, 'pool' | 'config' | 'clock'>, customerId: string): Promise<void> {
  const { issuer } = ctx.config.keycloak;
  for (const subject of await subjectsOf(ctx, customerId))
    await endSessions(ctx.pool, issuer, { subject }, 'STATUS', ctx.clock.now());
}

const act = (customerId: string) => ({ actor: system(lockTask), requestId: customerId });

function lockOf(ctx: ApplyCtx, customerId: string): Promise<ContactLock | null> {
  return ctx.transactAs(act(customerId), async (em) => {
    const account = await em.findOne(CustomerAccount, { id: customerId });
    return account?.contacts.lock ?? null;
  });
}

/** Whatever was set up since the change goes, and every foreign identity that was not linked before it. */
async function strip(ctx: ApplyCtx, subject: string, { since, links: known }: ContactLock): Promise<void> {
  const { contacts } = ctx.keycloak;
  const means = await contacts.meansOf(subject);
  const from = new Date(since);
  for (const { id, type, createdAt } of means?.credentials ?? [])
    // A device that was trusted before would be trusted again once the contact is what it was.
    if (createdAt >= from || type === trustedDeviceType) await contacts.removeCredential(subject, id);
  // Keycloak does not say when it linked whom: what nobody saw before the change counts as later.
  for (const { provider, userId } of means?.links ?? [])
    if (!known?.includes(`${provider}:${userId}`)) await contacts.removeLink(subject, provider);
}

/** Identities of other issuers that were linked since. */
async function unlink({ pool, config }: ApplyCtx, customerId: string, { since }: ContactLock): Promise<void> {
  await pool.query({
    name: 'contact-lock-unlink',
    text: 'delete from identity_link where customer_id = $1 and issuer <> $2 and linked_at >= $3',
    values: [customerId, config.keycloak.issuer, since],
  });
}

/** Somebody else's number is not given back: it is of whoever proved it last. */
async function restorePhone(ctx: ApplyCtx, customerId: string, subject: string, phone: PhoneNumber | null) {
  const holder = phone && (await holderOfPhone(ctx, phone));
  const isTaken = !!holder && holder !== customerId;
  await ctx.keycloak.contacts.setPhone(subject, isTaken ? null : phone);
  return isTaken ? 'refused' : 'done';
}

async function restore(ctx: ApplyCtx, customerId: string, subject: string, lock: ContactLock): Promise<void> {
  const { EMAIL: email, SMS: phone } = lock.restore;
  const given = [
    email ? await giveEmail(ctx, { customerId, subject, email: email as Email }) : 'done',
    phone === undefined ? 'done' : await restorePhone(ctx, customerId, subject, phone as PhoneNumber | null),
  ];
  await lookAgain(ctx, subject);
  if (given.some((one) => one !== 'done'))
    ctx.log.error({ customerId, alarm: 'contact-not-restored' }, 'a reverted contact belongs to somebody else now');
}

/**
 * Brings Keycloak to what the account's lock says: signed out, without anything from after the change, with the contact
 * from before, and barred from a new password by mail; without a lock, no longer barred. Run again, or killed between any
 * two steps, it does no harm.
 *
 * @throws Unavailable
 */
export async function carryOutLock(ctx: ApplyCtx, customerId: string): Promise<void> {
  const lock = await lockOf(ctx, customerId);
  const [first, ...others] = await subjectsOf(ctx, customerId);
  for (const subject of first ? [first, ...others] : []) {
    await ctx.keycloak.contacts.setLock(subject, lock !== null);
    if (!lock || lock.carriedOutAt) continue;
    await strip(ctx, subject, lock);
    await ctx.keycloak.logoutUser(subject);
  }
  if (!lock || lock.carriedOutAt) return;
  if (first) await restore(ctx, customerId, first, lock);
  await unlink(ctx, customerId, lock);
  // Whoever came in while this went on is out as well.
  await endHerSessions(ctx, customerId);
  await ctx.transactAs(act(customerId), async (em) => {
    const account = await forUpdate(em, customerId);
    account.carriedOutLock(lock.at, { at: ctx.clock.now(), by: 'SYSTEM' });
  });
}
