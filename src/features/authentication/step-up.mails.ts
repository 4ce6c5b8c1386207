import type { Recipient } from '../../domain/customer-account.ts';
import { type Mail, written } from '../../platform/mail.ts';
import { languageOf, languages } from '../../texts/languages.ts';

/** The mail with the code by which she proves who she is. It has no link: the code is typed where it was asked for. */
export function stepUpCodeMail({ address, locale }: Recipient, code: string): Mail {
  const language = languageOf(locale);
  const { subject, before, code: says, after } = languages[language].mail.stepUpCode;
  return written({ to: address, language, subject, before, facts: [`${says}: ${code}`], after });
}
