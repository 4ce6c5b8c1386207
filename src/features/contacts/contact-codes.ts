import { createHmac, hkdfSync, randomInt } from 'node:crypto';
import type { Ctx } from '../../context.ts';
import { type CodeOutcome, pendingOf } from '../../domain/contacts.ts';
import { invalid, ValidationFailed } from '../../domain/errors.ts';
import type { PhoneNumber } from '../../domain/values/phone-number.ts';
import { ownForUpdate } from '../../messaging/for-update.ts';
import { codeText } from '../../texts/code-text.ts';
import { applyContacts, type ApplyCtx } from './apply-contacts.ts';
import { herself } from './contact-actor.ts';
import { orLater } from './contact-links.ts';
import { applyTask } from './contact-tasks.ts';

/** What sending a code needs. */
export type CodeCtx = Pick<Ctx, 'config' | 'request' | 'textMessages'>;

/** A code, and what is stored of it. */
export interface NewCode {
  readonly code: string;
  readonly hash: string;
}

/** What is stored of a code: six digits are guessed back from anything but a keyed hash. */
function hashOf({ config }: Pick<Ctx, 'config'>, changeId: string, code: string): string {
  const key = Buffer.from(hkdfSync('sha256', config.keys.token, '', 'contact codes', 32));
  return createHmac('sha256', key).update(`${changeId}\0${code}`).digest('base64url');
}

/** Six digits for one change. */
export function newCode(ctx: Pick<Ctx, 'config'>, changeId: string): NewCode {
  const code = String(randomInt(1_000_000)).padStart(6, '0');
  return { code, hash: hashOf(ctx, changeId, code) };
}

/**
 * Sends a code, which is typed in on our own pages.
 *
 * @throws ValidationFailed, RateLimited, Unavailable
 */
export async function sendCode(
  ctx: CodeCtx,
  { number, code, locale, customer }: { number: PhoneNumber; code: string; locale: string | null; customer: string },
): Promise<void> {
  const body = codeText(code, 'contact', locale, ctx.config.server.publicUrl);
  await ctx.textMessages.send({ number, body, ip: ctx.request.ip, customer }).catch((error: unknown) => {
    if (!(error instanceof ValidationFailed)) throw error;
    throw new ValidationFailed(error.issues.map((issue) => ({ ...issue, path: ['value'] })));
  });
}

const words: Readonly<Record<Exclude<CodeOutcome, 'right'>, readonly [rule: string, message: string]>> = {
  wrong: ['wrong_code', 'This is not the code.'],
  over: ['code_over', 'This code counts no longer. Have another one sent.'],
};

/**
 * A waiting number, or the one that waits, is proven by the code that went to it. It becomes primary as soon as Keycloak has it; whoever had
 * proven it before loses it.
 *
 * @returns the customer's id
 * @throws Unauthenticated, Forbidden
 * @throws NotFound          for a change that is not hers, is void, or over
 * @throws ValidationFailed  for a wrong code, and for one that counts no longer
 */
export async function confirmByCode(
  ctx: ApplyCtx & Pick<Ctx, 'actor' | 'request' | 'transact' | 'textMessages'>,
  { changeId, code }: { changeId?: string; code: string },
): Promise<string> {
  const identity = herself(ctx);
  const done = await ctx.transact(async (em) => {
    const account = await ownForUpdate(em, identity);
    const at = ctx.clock.now();
    const id = changeId ?? pendingOf(account.contacts, 'SMS', at)?.id ?? '';
    const number = account.contacts.pending.find((one) => one.id === id)?.value as PhoneNumber | undefined;
    const outcome = account.giveCode(id, hashOf(ctx, id, code.replaceAll(/\s/g, '')), { at, by: 'SELF' });
    if (outcome === 'right') await ctx.work.enqueue(em, applyTask, account.id);
    return { customerId: account.id, outcome, number };
  });
  if (done.outcome !== 'right') throw invalid('code', ...words[done.outcome]);
  if (done.number) await ctx.textMessages.verified(done.number);
  await orLater(ctx, done.customerId, () => applyContacts(ctx, done.customerId));
  return done.customerId;
}
