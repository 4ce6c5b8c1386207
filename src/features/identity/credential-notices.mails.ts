import { type Mail, written } from '../../platform/mail.ts';
import { languageOf, languages } from '../../texts/languages.ts';
import type { CredentialNotice } from './credential-notices.ts';

/** Tells a customer that what she signs in with was changed. Says nothing secret, and leads to her own pages only. */
export function credentialMail({ address: to, locale, done, kind, at }: CredentialNotice, accountUrl: string): Mail {
  const language = languageOf(locale);
  const says = languages[language].mail.credential;
  const time = at.toLocaleString(language === 'de' ? 'de-DE' : 'en-GB', {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'UTC',
  });
  const changed = says[done][kind ?? 'OTHER'];
  return written({
    to,
    language,
    subject: says.subject,
    before: [says.greeting, changed, `${says.when} ${time} UTC.`, says.ifYou, says.ifNotYou],
    action: { label: says.look, href: accountUrl },
  });
}
