import { type Mail, written } from '../../platform/mail.ts';
import { languageOf, languages, type Texts } from '../../texts/languages.ts';

/** A mail about contacts. */
export type ContactMail = keyof Texts['mail']['contacts'];

/** Writes a mail about contacts. Names neither the account nor its other contacts. */
export function contactMail(about: ContactMail, to: string, locale: string | null, href: string): Mail {
  const language = languageOf(locale);
  const { button, ...says } = languages[language].mail.contacts[about];
  return written({ to, language, ...says, action: { label: button, href } });
}
