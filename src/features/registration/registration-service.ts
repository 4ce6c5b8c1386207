import { setTimeout as pause } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import type { Ctx } from '../../context.ts';
import { invalid, RateLimited, Unavailable } from '../../domain/errors.ts';
import { once } from '../../messaging/idempotency.ts';
import { languageOf } from '../../texts/languages.ts';
import {
  aloneWith,
  convergeNow,
  dropCustomer,
  dropUser,
  type HolderCtx,
  holderOf,
  ownerOf,
} from '../identity/identity-service.ts';
import { dropExpiredIntents, dropIntent, storeIntent } from './intents.ts';
import { networkOf, parseRegistration, type Registration, type RegistrationInput } from './registration-input.ts';

/** What registering needs. */
export type RegistrationCtx = HolderCtx & Pick<Ctx, 'actor' | 'request' | 'transact' | 'limits' | 'seal'>;

/** The answer to every registration that was taken, whether or not the address is known. */
export interface RegistrationAccepted {
  readonly nextStep: 'VERIFY_EMAIL';
}

const accepted: RegistrationAccepted = { nextStep: 'VERIFY_EMAIL' };
const hour = 3600;
/** Others may register the same address meanwhile; each try replaces one of them. */
const triesForAddress = 3;

/** The job that tells the owner of an address; its key is her id. */
export const tellOwnerTask = 'registration.tell-owner';

/** Where the mail's link leads back to: our sign-in, which is among the client's addresses at Keycloak. */
export function returnAddress({ config }: Pick<Ctx, 'config'>): string {
  return `${config.server.publicUrl}/auth/login`;
}

async function tellOwner(ctx: RegistrationCtx, customerId: string): Promise<void> {
  await ctx.transact((em) => ctx.work.enqueue(em, tellOwnerTask, customerId));
}

/**
 * Makes the Keycloak user of a registration. Whoever holds the address without proof is replaced, and nothing of the
 * earlier attempt stays (design, decision 9).
 *
 * @returns undefined when somebody has proven the address there
 */
async function makeUser(ctx: RegistrationCtx, wanted: Registration, customerId: string): Promise<string | undefined> {
  const { email } = wanted;
  for (let attempt = 0; attempt < triesForAddress; attempt++) {
    const made = await ctx.keycloak.createUser({ email, customerId, locale: languageOf(wanted.locale) });
    if (made === 'invalid') throw invalid('email', 'email', 'This is not an e-mail address.');
    if (made !== 'conflict') return made.id;
    const other = await ctx.keycloak.findByEmail(email);
    if (!other) continue;
    const owner = other.emailVerified ? (await convergeNow(ctx, other.id)).customerId : await ownerOf(ctx, other.id);
    if (owner) await tellOwner(ctx, owner);
    if (owner || other.emailVerified) return undefined;
    await dropUser(ctx, other.id);
  }
  throw new Unavailable(1);
}

/** The link goes out before our own record is made: if it cannot, nothing is left but an intent that nobody claims. */
async function mailLink(ctx: RegistrationCtx, subject: string, customerId: string): Promise<void> {
  try {
    await ctx.keycloak.sendActionsMail(subject, returnAddress(ctx));
  } catch (error) {
    await dropUser(ctx, subject).catch((left: unknown) =>
      ctx.log.warn({ err: left, customerId }, 'half a registration is left to the sweep'),
    );
    await dropIntent(ctx, customerId);
    throw error;
  }
}

async function begin(ctx: RegistrationCtx, wanted: Registration): Promise<void> {
  const customerId = uuidv7();
  await storeIntent(ctx, customerId, wanted);
  const subject = await makeUser(ctx, wanted, customerId).catch(async (error: unknown) => {
    // After a time-out the user may exist all the same; her intent is then what her customer is made from.
    if (!(error instanceof Unavailable)) await dropIntent(ctx, customerId);
    throw error;
  });
  if (!subject) {
    ctx.figures.registration('known');
    return dropIntent(ctx, customerId);
  }
  await mailLink(ctx, subject, customerId);
  ctx.figures.registration('accepted');
  // Keycloak delivers the fact as well, so that a failure here only makes the customer a moment later.
  await convergeNow(ctx, subject).catch((error: unknown) =>
    ctx.log.warn({ err: error, customerId }, 'registration waits for its delivery'),
  );
}

async function accept(ctx: RegistrationCtx, wanted: Registration, began: Date): Promise<RegistrationAccepted> {
  const { mailsPerHour } = ctx.config.registration;
  // Over the limit she has these mails already; another answer would tell a stranger that somebody registered.
  if (await ctx.limits.take('registration-mail', wanted.lookup, mailsPerHour, hour)) return accepted;
  await aloneWith(ctx, wanted.lookup, async () => {
    const holder = await holderOf(ctx, wanted.lookup);
    if (holder?.owns) {
      ctx.figures.registration('known');
      return tellOwner(ctx, holder.customerId);
    }
    // Somebody sent the same address at the same time: her link is under way, and none of the two is the later.
    if (holder && holder.since >= began) return;
    if (holder) await dropCustomer(ctx, holder.customerId);
    await begin(ctx, wanted);
  });
  return accepted;
}

/**
 * Registers an address: Keycloak mails a link that proves it and asks for a password. The answer and the time it takes
 * are the same whether or not the address is known; the owner of a known one is told by a mail of our own.
 *
 * @throws ValidationFailed     for a form that cannot be right
 * @throws RateLimited          for too many registrations from one network
 * @throws Unavailable          while Keycloak does not answer; nothing half made is left
 * @throws IdempotencyMismatch  for a key that belongs to another form
 */
export async function register(ctx: RegistrationCtx, input: RegistrationInput): Promise<RegistrationAccepted> {
  // Before the first wait: whoever comes while another one is served is no later attempt, however long she queues.
  const began = ctx.clock.now();
  const wanted = parseRegistration(input, began);
  ctx.figures.registration('started');
  const { perNetworkPerHour, answerMs } = ctx.config.registration;
  const wait = await ctx.limits.take('registration', networkOf(ctx.request.ip), perNetworkPerHour, hour);
  if (wait) throw new RateLimited(wait);
  const until = performance.now() + answerMs;
  try {
    // A browser that lost the answer has lost its cookie too, and asks with another secret.
    const same = { ...input, browserSecret: undefined };
    return await once(ctx, { address: wanted.lookup, key: input.idempotencyKey, input: same }, () =>
      accept(ctx, wanted, began),
    );
  } finally {
    await pause(Math.max(0, until - performance.now()));
  }
}

const droppedAtOnce = 200;

/**
 * Drops registrations whose address nobody proved in time, at Keycloak too. A killed run goes on with the next one.
 *
 * @throws Unavailable
 */
export async function dropUnproven(ctx: HolderCtx): Promise<void> {
  const before = new Date(ctx.clock.now().getTime() - ctx.config.registration.unprovenDays * 86_400_000);
  const { rows } = await ctx.pool.query<{ id: string }>({
    name: 'unproven-customers',
    text: `select id from customer where not email_verified and status = 'PENDING_VERIFICATION'
      and activated_at is null and created_at < $1 order by created_at limit $2`,
    values: [before, droppedAtOnce],
  });
  for (const { id } of rows) await dropCustomer(ctx, id);
  await dropExpiredIntents(ctx);
}
