import { escapeHtml, type Mail } from '../../platform/mail.ts';
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
  const before = [says.greeting, changed, `${says.when} ${time} UTC.`, says.ifYou];
  const html = [
    ...before.map(escapeHtml),
    `${escapeHtml(says.ifNotYou)} <a href="${escapeHtml(accountUrl)}">${escapeHtml(says.look)}</a>`,
  ].map((inner) => `<p>${inner}</p>`);
  return {
    to,
    subject: says.subject,
    text: [...before, says.ifNotYou, `${says.look}: ${accountUrl}`].join('\n\n'),
    html: `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>${escapeHtml(says.subject)}</title>${html.join('')}</html>`,
  };
}
