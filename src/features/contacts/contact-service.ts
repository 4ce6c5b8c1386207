import { v7 as uuidv7 } from 'uuid';
import type { Ctx } from '../../context.ts';
import { type ContactChannel, type PendingContact, pendingOf, resendAfter } from '../../domain/contacts.ts';
import type { Identity } from '../../domain/access.ts';
import { NotFound, RateLimited } from '../../domain/errors.ts';
import { type Email, emailLookupOf } from '../../domain/values/email.ts';
import type { PhoneNumber } from '../../domain/values/phone-number.ts';
import { ownForUpdate } from '../../messaging/for-update.ts';
import { once } from '../../messaging/idempotency.ts';
import { changeKey } from '../../messaging/shared-tasks.ts';
import type { KeycloakMeans } from '../../platform/keycloak-contacts.ts';
import { mustBeSteppedUp } from '../../read-model/step-up.ts';
import { applyContacts, type ApplyCtx } from './apply-contacts.ts';
import { herself } from './contact-actor.ts';
import { type CodeCtx, newCode, sendCode } from './contact-codes.ts';
import { type ContactInput, parseChannel, parseContact, type WantedContact } from './contact-wish.ts';
import { orLater } from './contact-links.ts';
import { applyTask, sendProofTask, tellRequestedTask } from './contact-tasks.ts';

/** What changing a contact needs. */
export type ContactCtx = ApplyCtx &
  CodeCtx &
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

/** What she wants, and what was there when she asked. */
interface Asked extends WantedContact {
  readonly id: string;
  readonly links: readonly string[];
}

/** Another contact waits for its proof. */
async function wait(ctx: ContactCtx, identity: Identity, asked: Asked): Promise<ContactChangePending> {
  // One that she asked for in Keycloak's own console is void: the later wish counts.
  if (asked.channel === 'EMAIL') await ctx.keycloak.contacts.dropAsked(identity.subject);
  const { silent, ...proof } = await begin(ctx, asked, asked.id);
  return ctx.transact(async (em) => {
    const account = await ownForUpdate(em, identity);
    const { lookup: _compared, ...wish } = asked;
    const pending = account.requestContact({ ...wish, ...proof }, { at: ctx.clock.now(), by: 'SELF' });
    const key = changeKey(account.id, pending.id);
    if (!silent) await ctx.work.enqueue(em, sendProofTask, key);
    await ctx.work.enqueue(em, tellRequestedTask, key);
    return told(pending);
  });
}

/** A number goes, now if Keycloak answers; she is told of it, with a way back, as of any other change that is done. */
async function remove(ctx: ContactCtx, identity: Identity, asked: Asked): Promise<ContactChangePending> {
  const { customerId, pending } = await ctx.transact(async (em) => {
    const account = await ownForUpdate(em, identity);
    const { lookup: _compared, ...wish } = asked;
    const waiting = account.requestContact(wish, { at: ctx.clock.now(), by: 'SELF' });
    await ctx.work.enqueue(em, applyTask, account.id);
    return { customerId: account.id, pending: waiting };
  });
  await orLater(ctx, customerId, () => applyContacts(ctx, customerId));
  return told(pending);
}

/**
 * She wants to be reached by something else: a link or a code goes to it, and the present contact is told. The answer is
 * the same whether or not it is somebody else's. An empty value of channel SMS takes her number away.
 *
 * @param returnTo  where she goes on after a step-up
 * @throws Unauthenticated, Forbidden, ValidationFailed, StepUpRequired, RateLimited, StatusConflict, IdempotencyMismatch
 * @throws Unavailable  while Keycloak, or the gateway for text messages, does not answer; nothing was changed
 */
export async function requestContactChange(
  ctx: ContactCtx,
  input: ContactInput,
  returnTo = '/profile',
): Promise<ContactChangePending> {
  const identity = herself(ctx);
  const wanted = parseContact(input);
  await mustBeSteppedUp(ctx, returnTo);
  const means = await ctx.keycloak.contacts.meansOf(identity.subject);
  return once(ctx, { address: wanted.lookup, key: input.idempotencyKey, input }, async () => {
    const seconds = await ctx.limits.take('contact-change', identity.subject, ctx.config.contacts.changesPerHour, hour);
    if (seconds) throw new RateLimited(seconds);
    const asked = { ...wanted, id: uuidv7(), links: (means?.links ?? []).map(nameOf) };
    return wanted.value ? wait(ctx, identity, asked) : remove(ctx, identity, asked);
  });
}

/** As long as Keycloak's link is good by which somebody proves her first address. */
const firstProofMs = 86_400_000;
const resendSeconds = 60;

/** The first address of somebody who came by a provider that did not vouch for it: Keycloak mails its own link. */
async function resendFirst(ctx: ContactCtx, { subject }: Identity, email: Email): Promise<ContactChangePending> {
  const soon = await ctx.limits.take('first-proof', subject, 1, resendSeconds);
  const wait = soon || (await ctx.limits.take('contact-change', subject, ctx.config.contacts.changesPerHour, hour));
  if (wait) throw new RateLimited(wait);
  const { mailsPerHour } = ctx.config.registration;
  const over = await ctx.limits.take('contact-mail', emailLookupOf(email), mailsPerHour, hour);
  // An address has mails enough: another answer would tell that somebody else asked for them.
  if (!over && !(await ctx.keycloak.sendActionsMail(subject, `${ctx.config.server.publicUrl}/`, ['VERIFY_EMAIL'])))
    throw new NotFound();
  const inMs = (ms: number): string => new Date(ctx.clock.now().getTime() + ms).toISOString();
  return {
    changeId: uuidv7(),
    channel: 'EMAIL',
    expiresAt: inMs(firstProofMs),
    resendAfter: inMs(resendSeconds * 1000),
  };
}

/** Her address that nobody has proven, when nothing else waits in its place. */
async function unprovenOf(ctx: ContactCtx, identity: Identity): Promise<Email | undefined> {
  return ctx.transact(async (em) => {
    const account = await ownForUpdate(em, identity);
    const waiting = pendingOf(account.contacts, 'EMAIL', ctx.clock.now());
    return account.emailVerified || waiting ? undefined : account.person?.email?.address;
  });
}

/**
 * Asks for the proof of a waiting contact once more, or of a first address that was never proven.
 *
 * @throws Unauthenticated, Forbidden, ValidationFailed, RateLimited, StatusConflict
 * @throws Unavailable  while no code can be sent
 */
export async function resendVerification(ctx: ContactCtx, channel: string): Promise<ContactChangePending> {
  const identity = herself(ctx);
  const wanted = parseChannel(channel);
  const unproven = wanted === 'EMAIL' ? await unprovenOf(ctx, identity) : undefined;
  if (unproven) return resendFirst(ctx, identity, unproven);
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
