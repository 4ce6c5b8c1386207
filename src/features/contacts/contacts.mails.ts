import { escapeHtml, type Mail } from '../../platform/mail.ts';
import { languageOf, languages, type Texts } from '../../texts/languages.ts';

/** A mail about contacts. */
export type ContactMail = keyof Texts['mail']['contacts'];

/** Writes a mail about contacts. Names neither the account nor its other contacts. */
export function contactMail(about: ContactMail, to: string, locale: string | null, href: string): Mail {
  const language = languageOf(locale);
  const { subject, before, button, after } = languages[language].mail.contacts[about];
  const link = `<a href="${escapeHtml(href)}">${escapeHtml(button)}</a>`;
  const paragraphs = [...before.map(escapeHtml), link, ...after.map(escapeHtml)].map((inner) => `<p>${inner}</p>`);
  return {
    to,
    subject,
    text: [...before, `${button}: ${href}`, ...after].join('\n\n'),
    html: `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>${escapeHtml(subject)}</title>${paragraphs.join('')}</html>`,
  };
}
