import type { Ctx } from '../../context.ts';
import { invalid } from '../../domain/errors.ts';
import { parsePhoneNumber, type PhoneNumber } from '../../domain/values/phone-number.ts';
import { languageOf, languages } from '../../texts/languages.ts';

/** What a code by text message is for. */
export const codePurposes = ['sign-in', 'enrolment', 'contact'] as const;

/** One of {@link codePurposes}. */
export type CodePurpose = (typeof codePurposes)[number];

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
 * The text around a code. The code comes first, where a notification shows it; the last line binds it to the origin that
 * asks for it, so that browsers offer it there and nowhere else (WICG origin-bound one-time codes).
 */
export function codeText(code: string, purpose: CodePurpose, locale: string, host: string): string {
  const says = languages[languageOf(locale)].textMessage;
  return `${code} ${says[purpose]} ${says.secret}\n\n@${host} #${code}`;
}

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
  const { hostname } = new URL(ctx.config.keycloak.issuer);
  await ctx.textMessages.send({ number, body: codeText(code, purpose, locale, hostname), ip, customer });
  return { number };
}

/** A code came back right. */
export async function codeCameBack(ctx: CodeCtx, number: string): Promise<void> {
  await ctx.textMessages.verified(parsePhoneNumber(number, 'number'));
}
