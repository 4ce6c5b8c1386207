import { type Mail, written } from '../../platform/mail.ts';
import { languageOf, languages } from '../../texts/languages.ts';

/** Tells the owner of an address that somebody tried to register with it. Says nothing of who, nor what was entered. */
export function knownAddressMail(to: string, locale: string | null, signInUrl: string): Mail {
  const language = languageOf(locale);
  const says = languages[language].mail.knownAddress;
  return written({
    to,
    language,
    subject: says.subject,
    before: [says.greeting, says.what, says.ifYou],
    action: { label: says.signIn, href: signInUrl },
    after: [says.ifNotYou],
  });
}
