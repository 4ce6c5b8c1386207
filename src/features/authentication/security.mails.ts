import type { Recipient } from '../../domain/customer-account.ts';
import { type Mail, written } from '../../platform/mail.ts';
import { type Language, languageOf, languages, type Texts } from '../../texts/languages.ts';

/** A sign-in as a mail describes it. */
export interface DescribedSignIn {
  readonly at: Date;
  /** Browser and system. */
  readonly device: string | null;
  readonly country: string | null;
}

function factsOf({ at, device, country }: DescribedSignIn, language: Language): string[] {
  const t: Texts['mail']['signIn'] = languages[language].mail.signIn;
  // UTC, since we do not know where she is.
  const when = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(at);
  const where = country && new Intl.DisplayNames([language], { type: 'region' }).of(country);
  return [`${t.when}: ${when} UTC`, `${t.device}: ${device ?? t.unknown}`, `${t.country}: ${where ?? t.unknown}`];
}

type SignInMail = 'newDevice' | 'stolenSession';

function signInMail(about: SignInMail, { address, locale }: Recipient, signIn: DescribedSignIn, notMe: string): Mail {
  const language = languageOf(locale);
  const says = languages[language].mail[about];
  return written({
    to: address,
    language,
    subject: says.subject,
    before: [says.greeting, says.what],
    facts: factsOf(signIn, language),
    action: { label: says.notMe, href: notMe },
    after: [says.ifYou, says.ifNot],
  });
}

/** Tells of a sign-in with a device that is new; `notMe` is the link by which she says that it was not hers. */
export function newDeviceMail(to: Recipient, signIn: DescribedSignIn, notMe: string): Mail {
  return signInMail('newDevice', to, signIn, notMe);
}

/** Tells that a copy of her session was used, and that it is over. */
export function stolenSessionMail(to: Recipient, signIn: DescribedSignIn, notMe: string): Mail {
  return signInMail('stolenSession', to, signIn, notMe);
}

/** Confirms that her account was locked against whoever had signed in. */
export function takeoverMail({ address, locale }: Recipient, resetUrl: string): Mail {
  const language = languageOf(locale);
  const says = languages[language].mail.takeover;
  return written({
    to: address,
    language,
    subject: says.subject,
    before: [says.greeting, says.what],
    action: { label: says.reset, href: resetUrl },
    after: [says.after],
  });
}
