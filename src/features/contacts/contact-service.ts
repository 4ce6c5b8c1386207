import { v7 as uuidv7 } from 'uuid';
import type { Ctx } from '../../context.ts';
import { type Identity, may } from '../../domain/access.ts';
import { type ContactChannel, type PendingContact, resendAfter } from '../../domain/contacts.ts';
import { Forbidden, RateLimited, StepUpRequired, Unauthenticated } from '../../domain/errors.ts';
import { missingProof } from '../../domain/step-up.ts';
import { ownForUpdate } from '../../messaging/for-update.ts';
import { once } from '../../messaging/idempotency.ts';
import type { KeycloakMeans } from '../../platform/keycloak-contacts.ts';
import { type ContactInput, parseChannel, parseContact } from './contact-wish.ts';
import { keyOf, sendProofTask, tellRequestedTask } from './contact-tasks.ts';

/** What changing a contact needs. */
export type ContactCtx = Pick<Ctx, 'actor' | 'clock' | 'config' | 'keycloak' | 'limits' | 'pool' | 'transact' | 'work'>;

/** A change that waits, as the customer is told of it. */
export interface ContactChangePending {
  readonly changeId: string;
  readonly channel: ContactChannel;
  readonly expiresAt: string;
  readonly resendAfter: string;
}

const hour = 3600;
const changesPerHour = 5;
/** Passwords, and what remembers them. Everything else that Keycloak keeps for signing in is a factor. */
const noFactors = new Set(['password', 'password-history']);

const told = (pending: PendingContact): ContactChangePending => ({
  changeId: pending.id,
  channel: pending.channel,
  expiresAt: pending.expiresAt,
  resendAfter: resendAfter(pending).toISOString(),
});

/** @throws Unauthenticated, Forbidden */
function herself({ actor }: Pick<Ctx, 'actor'>): Identity {
  if (actor.kind === 'nobody') throw new Unauthenticated();
  if (actor.kind !== 'person' || !actor.identity || !may(actor, 'customer:self')) throw new Forbidden();
  return actor.identity;
}

/** @throws StepUpRequired, Unavailable */
async function steppedUp(ctx: ContactCtx, { subject }: Identity): Promise<KeycloakMeans> {
  const means = (await ctx.keycloak.contacts.meansOf(subject)) ?? { credentials: [], links: [] };
  const factor = means.credentials.some(({ type }) => !noFactors.has(type));
  const password = means.credentials.some(({ type }) => type === 'password');
  const acr = missingProof(ctx.actor, { password, factor }, ctx.clock.now());
  if (!acr) return means;
  throw new StepUpRequired(acr, `${ctx.config.server.publicUrl}/auth/login?acr=${acr}&returnTo=%2Fprofile`);
}

/**
 * She wants to be reached by something else: a link goes to it, and the present contact is told. The answer is the same
 * whether or not it is somebody else's, who is told instead.
 *
 * @throws Unauthenticated, Forbidden, ValidationFailed, StepUpRequired, RateLimited, StatusConflict, IdempotencyMismatch
 * @throws Unavailable  while Keycloak does not answer; nothing was changed
 */
export async function requestContactChange(ctx: ContactCtx, input: ContactInput): Promise<ContactChangePending> {
  const identity = herself(ctx);
  const { channel, value, lookup } = parseContact(input);
  const means = await steppedUp(ctx, identity);
  return once(ctx, { address: lookup, key: input.idempotencyKey, input }, async () => {
    const wait = await ctx.limits.take('contact-change', identity.subject, changesPerHour, hour);
    if (wait) throw new RateLimited(wait);
    // Over the limit the address has mails enough already; another answer would tell that somebody asked for it.
    const { mailsPerHour } = ctx.config.registration;
    const silent = (await ctx.limits.take('contact-mail', lookup, mailsPerHour, hour)) > 0;
    return ctx.transact(async (em) => {
      const account = await ownForUpdate(em, identity);
      const wish = { id: uuidv7(), channel, value, links: means.links.map(nameOf) };
      const pending = account.requestContact(wish, { at: ctx.clock.now(), by: 'SELF' });
      const key = keyOf(account.id, pending.id);
      if (!silent) await ctx.work.enqueue(em, sendProofTask, key);
      await ctx.work.enqueue(em, tellRequestedTask, key);
      return told(pending);
    });
  });
}

/** How a snapshot remembers a foreign identity. */
const nameOf = ({ provider, userId }: KeycloakMeans['links'][number]): string => `${provider}:${userId}`;

/**
 * Asks for the proof of a waiting contact once more.
 *
 * @throws Unauthenticated, Forbidden, ValidationFailed, RateLimited, StatusConflict
 */
export async function resendVerification(ctx: ContactCtx, channel: string): Promise<ContactChangePending> {
  const identity = herself(ctx);
  const wanted = parseChannel(channel);
  return ctx.transact(async (em) => {
    const account = await ownForUpdate(em, identity);
    const pending = account.askAgain(wanted, { at: ctx.clock.now(), by: 'SELF' });
    await ctx.work.enqueue(em, sendProofTask, keyOf(account.id, pending.id));
    return told(pending);
  });
}
