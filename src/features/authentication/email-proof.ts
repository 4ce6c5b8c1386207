import { createHmac, hkdfSync, randomInt, timingSafeEqual } from 'node:crypto';
import type { Ctx, Parts } from '../../context.ts';
import type { Identity } from '../../domain/access.ts';
import type { Recipient } from '../../domain/customer-account.ts';
import { Forbidden, RateLimited, Unauthenticated, Unavailable } from '../../domain/errors.ts';
import { isProof } from '../../platform/keycloak-credentials.ts';
import { askForCode, type AskingSession, askingSession, keepCode, noteProof, takeTry } from './email-proof-store.ts';
import { recipientOf } from './takeover-service.ts';

/** The job that mails a code by which a session proves its owner; its key is our id of the session. */
export const sendStepUpCodeTask = 'authentication.send-step-up-code';

/** How long a code counts, and how often another one may be given. */
const codeMs = 600_000;
const mostTries = 5;
const resendMs = 60_000;
const hour = 3600;

type ProofCtx = Pick<Ctx, 'actor' | 'clock' | 'config' | 'keycloak' | 'pool' | 'transactAs'>;

/** What somebody may prove herself with: a code to her address, or something better; or, without a proven address, nothing. */
export type WayToProve = 'code' | 'better' | 'none';

/** @throws Unauthenticated, Forbidden */
async function asking({ actor, pool }: ProofCtx): Promise<{ identity: Identity; session: AskingSession }> {
  const { identity, kind, sessionId } = actor;
  if (kind !== 'person' || !identity) throw new Unauthenticated();
  const session = sessionId === undefined ? undefined : await askingSession(pool, identity, sessionId);
  if (!session) throw new Forbidden();
  return { identity, session };
}

/**
 * Whether a user has nothing to prove herself with but whoever vouches for her: neither password nor factor.
 *
 * @throws Unavailable  while Keycloak, which alone knows, does not answer
 */
export async function hasNoProof({ keycloak }: Pick<Ctx, 'keycloak'>, subject: string): Promise<boolean> {
  const means = await keycloak.contacts.meansOf(subject);
  return means !== null && !means.credentials.some(isProof);
}

/**
 * Whether whoever steps up is asked for a code by us: the provider could only ask who vouches for her. Where Keycloak
 * cannot say so, the provider asks, and the answer is judged when she comes back.
 */
export async function provesByCode(ctx: Pick<Ctx, 'actor' | 'config' | 'keycloak'>): Promise<boolean> {
  const { identity, kind } = ctx.actor;
  if (kind !== 'person' || identity?.issuer !== ctx.config.keycloak.issuer) return false;
  return hasNoProof(ctx, identity.subject).catch((error: unknown) => {
    if (error instanceof Unavailable) return false;
    throw error;
  });
}

async function wayOf(ctx: ProofCtx, { subject }: Identity, { customerId }: AskingSession): Promise<WayToProve> {
  if (!(await hasNoProof(ctx, subject))) return 'better';
  return (await recipientOf(ctx, customerId)) ? 'code' : 'none';
}

/**
 * How whoever asks may prove who she is, and whether a code is on its way already.
 *
 * @throws Unauthenticated, Forbidden, Unavailable
 */
export async function wayToProve(ctx: ProofCtx): Promise<{ readonly way: WayToProve; readonly waiting: boolean }> {
  const { identity, session } = await asking(ctx);
  const since = ctx.clock.now().getTime() - codeMs;
  const waiting = session.askedAt !== null && session.askedAt.getTime() > since;
  return { way: await wayOf(ctx, identity, session), waiting };
}

/**
 * Has a code mailed to the proven address of whoever has neither password nor factor (contracts: access, "Step-up").
 *
 * @throws Unauthenticated
 * @throws Forbidden    for whoever has something better, or no proven address
 * @throws RateLimited  too soon, or too often
 * @throws Unavailable  while Keycloak does not answer
 */
export async function sendStepUpCode(ctx: ProofCtx & Pick<Ctx, 'limits' | 'transact' | 'work'>): Promise<void> {
  const { identity, session } = await asking(ctx);
  if ((await wayOf(ctx, identity, session)) !== 'code') throw new Forbidden();
  const wait = await ctx.limits.take('step-up-code', identity.subject, ctx.config.codes.mailsPerHour, hour);
  if (wait) throw new RateLimited(wait);
  const at = ctx.clock.now();
  await ctx.transact(async (em) => {
    const since = new Date(at.getTime() - resendMs);
    if (!(await askForCode(em, session.id, { at, since }))) throw new RateLimited(resendMs / 1000);
    await ctx.work.enqueue(em, sendStepUpCodeTask, session.id);
  });
}

/** What is stored of a code. The session is in it, and the key is for nothing else: no other code is this one. */
function hashOf({ config }: Pick<Ctx, 'config'>, sessionId: string, code: string): Buffer {
  const key = Buffer.from(hkdfSync('sha256', config.keys.token, '', 'step-up codes', 32));
  return createHmac('sha256', key).update(`${sessionId}\0${code}`).digest();
}

/** A code, and to whom it goes. */
export interface MailedCode {
  readonly to: Recipient;
  readonly code: string;
}

/**
 * The code that is to be mailed for a session; undefined when none is wanted any more. Each call makes another one, and
 * the one before is void: where a mail failed, nobody has it.
 */
export async function makeStepUpCode(
  parts: Pick<Parts, 'clock' | 'config' | 'pool' | 'transactAs'>,
  sessionId: string,
): Promise<MailedCode | undefined> {
  const code = String(randomInt(1_000_000)).padStart(6, '0');
  const expiresAt = new Date(parts.clock.now().getTime() + codeMs);
  const customerId = await keepCode(parts.pool, sessionId, { hash: hashOf(parts, sessionId, code), expiresAt });
  const to = customerId === undefined ? undefined : await recipientOf(parts, customerId);
  return to && { to, code };
}

/** What came of a code: right, wrong with tries left, or none counts any more. */
export type StepUpOutcome = 'right' | 'wrong' | 'over';

/**
 * A code was given. A right one proves her for some minutes, and once; whoever has got something better meanwhile has to
 * use that.
 *
 * @throws Unauthenticated, Forbidden
 * @throws Unavailable  while Keycloak does not answer
 */
export async function proveByCode(ctx: ProofCtx & Pick<Ctx, 'log'>, typed: string): Promise<StepUpOutcome> {
  const { identity, session } = await asking(ctx);
  if ((await wayOf(ctx, identity, session)) !== 'code') throw new Forbidden();
  const at = ctx.clock.now();
  const waiting = await takeTry(ctx.pool, session.id, { at, tries: mostTries });
  if (!waiting) return 'over';
  if (!timingSafeEqual(waiting.hash, hashOf(ctx, session.id, typed.replaceAll(/\s/g, ''))))
    return waiting.left > 0 ? 'wrong' : 'over';
  if (!(await noteProof(ctx.pool, session.id, waiting.hash, at))) return 'over';
  ctx.log.info({ customerId: session.customerId }, 'proven by a code to the address');
  return 'right';
}
