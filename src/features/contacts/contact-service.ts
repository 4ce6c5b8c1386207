import { v7 as uuidv7 } from 'uuid';
import type { Ctx } from '../../context.ts';
import { type ContactChannel, type PendingContact, pendingOf, resendAfter } from '../../domain/contacts.ts';
import { RateLimited } from '../../domain/errors.ts';
import type { PhoneNumber } from '../../domain/values/phone-number.ts';
import { ownForUpdate } from '../../messaging/for-update.ts';
import { once } from '../../messaging/idempotency.ts';
import { changeKey } from '../../messaging/shared-tasks.ts';
import type { KeycloakMeans } from '../../platform/keycloak-contacts.ts';
import { mustBeSteppedUp } from '../../read-model/step-up.ts';
import { herself } from './contact-actor.ts';
import { type CodeCtx, newCode, sendCode } from './contact-codes.ts';
import { type ContactInput, parseChannel, parseContact, type WantedContact } from './contact-wish.ts';
import { sendProofTask, tellRequestedTask } from './contact-tasks.ts';

/** What changing a contact needs. */
export type ContactCtx = CodeCtx &
  Pick<Ctx, 'actor' | 'clock' | 'customers' | 'keycloak' | 'limits' | 'pool' | 'transact' | 'work'>;

/** A change that waits, as the customer is told of it. */
export interface ContactChangePending {
  readonly changeId: string;
  readonly channel: ContactChannel;
  readonly expiresAt: string;
  readonly resendAfter: string;
}

const hour = 3600;

const told = (pending: PendingContact): ContactChangePending => ({
  changeId: pending.id,
  channel: pending.channel,
  expiresAt: pending.expiresAt,
  resendAfter: resendAfter(pending).toISOString(),
});

/** How a snapshot remembers a foreign identity. */
const nameOf = ({ provider, userId }: KeycloakMeans['links'][number]): string => `${provider}:${userId}`;

/**
 * A number gets its code before anything is stored: where none can be sent, nothing waits. An address gets its link by a
 * job. Over its limit an address has mails enough already; another answer would tell that somebody asked for it.
 */
async function begin(ctx: ContactCtx, { channel, value, lookup }: WantedContact, changeId: string) {
  if (channel === 'EMAIL') {
    const { mailsPerHour } = ctx.config.registration;
    return { silent: (await ctx.limits.take('contact-mail', lookup, mailsPerHour, hour)) > 0 };
  }
  const { code, hash } = newCode(ctx, changeId);
  const own = await ctx.customers.own();
  const customer = own?.id ?? ctx.actor.id;
  await sendCode(ctx, { number: value as PhoneNumber, code, locale: own?.locale ?? null, customer });
  return { silent: true, codeHash: hash };
}

/**
 * She wants to be reached by something else: a link or a code goes to it, and the present contact is told. The answer is
 * the same whether or not it is somebody else's.
 *
 * @throws Unauthenticated, Forbidden, ValidationFailed, StepUpRequired, RateLimited, StatusConflict, IdempotencyMismatch
 * @throws Unavailable  while Keycloak, or the gateway for text messages, does not answer; nothing was changed
 */
export async function requestContactChange(ctx: ContactCtx, input: ContactInput): Promise<ContactChangePending> {
  const identity = herself(ctx);
  const wanted = parseContact(input);
  await mustBeSteppedUp(ctx, '/profile');
  const means = await ctx.keycloak.contacts.meansOf(identity.subject);
  return once(ctx, { address: wanted.lookup, key: input.idempotencyKey, input }, async () => {
    const wait = await ctx.limits.take('contact-change', identity.subject, ctx.config.contacts.changesPerHour, hour);
    if (wait) throw new RateLimited(wait);
    const id = uuidv7();
    const { silent, ...proof } = await begin(ctx, wanted, id);
    return ctx.transact(async (em) => {
      const account = await ownForUpdate(em, identity);
      const { channel, value } = wanted;
      const wish = { id, channel, value, links: (means?.links ?? []).map(nameOf), ...proof };
      const pending = account.requestContact(wish, { at: ctx.clock.now(), by: 'SELF' });
      const key = changeKey(account.id, pending.id);
      if (!silent) await ctx.work.enqueue(em, sendProofTask, key);
      await ctx.work.enqueue(em, tellRequestedTask, key);
      return told(pending);
    });
  });
}

/**
 * Asks for the proof of a waiting contact once more.
 *
 * @throws Unauthenticated, Forbidden, ValidationFailed, RateLimited, StatusConflict
 * @throws Unavailable  while no code can be sent
 */
export async function resendVerification(ctx: ContactCtx, channel: string): Promise<ContactChangePending> {
  const identity = herself(ctx);
  const wanted = parseChannel(channel);
  const done = await ctx.transact(async (em) => {
    const account = await ownForUpdate(em, identity);
    const now = ctx.clock.now();
    const waiting = pendingOf(account.contacts, wanted, now);
    const fresh = wanted === 'SMS' && waiting ? newCode(ctx, waiting.id) : undefined;
    const pending = account.askAgain(wanted, { at: now, by: 'SELF' }, fresh?.hash);
    if (wanted === 'EMAIL') await ctx.work.enqueue(em, sendProofTask, changeKey(account.id, pending.id));
    return { pending, code: fresh?.code, locale: account.locale, customer: account.id };
  });
  const { pending, code, locale, customer } = done;
  if (code !== undefined) await sendCode(ctx, { number: pending.value as PhoneNumber, code, locale, customer });
  return told(pending);
}
