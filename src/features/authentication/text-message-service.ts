import type { Ctx } from '../../context.ts';
import { invalid } from '../../domain/errors.ts';
import { parsePhoneNumber, type PhoneNumber } from '../../domain/values/phone-number.ts';
import { type CodePurpose, codeText } from '../../texts/code-text.ts';

/** A code that somebody is to get. Who made it also judges it: we hand it on and keep nothing. */
export interface WantedCode {
  readonly purpose: CodePurpose;
  /** With its country code, as typed. */
  readonly number: string;
  /** Six digits. */
  readonly code: string;
  /** BCP 47. */
  readonly locale: string;
  readonly ip: string;
  readonly customer: string;
}

/** What sending a code needs. */
export type CodeCtx = Pick<Ctx, 'textMessages' | 'config'>;

/**
 * Sends a code.
 *
 * @returns the number as it counts from now on
 * @throws ValidationFailed, RateLimited, Unavailable  as `TextMessages.send`
 */
export async function sendCode(ctx: CodeCtx, wanted: WantedCode): Promise<{ readonly number: PhoneNumber }> {
  const { purpose, code, locale, ip, customer } = wanted;
  if (!/^\d{6}$/.test(code)) throw invalid('code', 'digits', 'A code has six digits.');
  const number = parsePhoneNumber(wanted.number, 'number');
  // Codes are typed in at the identity provider.
  const body = codeText(code, purpose, locale, ctx.config.keycloak.issuer);
  await ctx.textMessages.send({ number, body, ip, customer });
  return { number };
}

/** A code came back right. */
export async function codeCameBack(ctx: CodeCtx, number: string): Promise<void> {
  await ctx.textMessages.verified(parsePhoneNumber(number, 'number'));
}
