import { escapeHtml, type Mail } from '../../platform/mail.ts';
import { languageOf, languages } from '../../texts/languages.ts';

/** Tells the owner of an address that somebody tried to register with it. Says nothing of who, nor what was entered. */
export function knownAddressMail(to: string, locale: string | null, signInUrl: string): Mail {
  const language = languageOf(locale);
  const says = languages[language].mail.knownAddress;
  const before = [says.greeting, says.what, says.ifYou];
  const paragraphs = [
    ...before.map(escapeHtml),
    `<a href="${escapeHtml(signInUrl)}">${escapeHtml(says.signIn)}</a>`,
    escapeHtml(says.ifNotYou),
  ].map((inner) => `<p>${inner}</p>`);
  return {
    to,
    subject: says.subject,
    text: [...before, `${says.signIn}: ${signInUrl}`, says.ifNotYou].join('\n\n'),
    html: `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>${escapeHtml(says.subject)}</title>${paragraphs.join('')}</html>`,
  };
}
