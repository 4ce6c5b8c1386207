import { escapeHtml, type Mail } from '../../platform/mail.ts';
import { languageOf, languages, type Texts } from '../../texts/languages.ts';

/** To whom, and in which language she reads. */
export interface Recipient {
  readonly address: string;
  readonly locale: string | null;
}

/** A sign-in as a mail describes it. */
export interface DescribedSignIn {
  readonly at: Date;
  /** Browser and system. */
  readonly device: string | null;
  readonly country: string | null;
}

interface Letter {
  readonly subject: string;
  readonly before: readonly string[];
  /** What is known, line by line. */
  readonly facts?: readonly string[];
  readonly action?: { readonly label: string; readonly href: string };
  readonly after: readonly string[];
}

function mailOf({ address, locale }: Recipient, { subject, before, facts = [], action, after }: Letter): Mail {
  const language = languageOf(locale);
  const part = (inner: string): string => `<p>${inner}</p>`;
  const html = [
    ...before.map((text) => part(escapeHtml(text))),
    facts.length ? part(facts.map(escapeHtml).join('<br>')) : '',
    action ? part(`<a href="${escapeHtml(action.href)}">${escapeHtml(action.label)}</a>`) : '',
    ...after.map((text) => part(escapeHtml(text))),
  ].join('');
  const link = action ? [`${action.label}: ${action.href}`] : [];
  return {
    to: address,
    subject,
    text: [...before, ...(facts.length ? [facts.join('\n')] : []), ...link, ...after].join('\n\n'),
    html: `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>${escapeHtml(subject)}</title>${html}</html>`,
  };
}

function factsOf({ at, device, country }: DescribedSignIn, locale: string | null): string[] {
  const language = languageOf(locale);
  const t: Texts['mail']['signIn'] = languages[language].mail.signIn;
  // UTC, since we do not know where she is.
  const when = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(at);
  const where = country && new Intl.DisplayNames([language], { type: 'region' }).of(country);
  return [`${t.when}: ${when} UTC`, `${t.device}: ${device ?? t.unknown}`, `${t.country}: ${where ?? t.unknown}`];
}

/** Tells of a sign-in with a device that is new; `notMe` is the link by which she says that it was not hers. */
export function newDeviceMail(to: Recipient, signIn: DescribedSignIn, notMe: string): Mail {
  const t = languages[languageOf(to.locale)].mail.newDevice;
  return mailOf(to, {
    subject: t.subject,
    before: [t.greeting, t.what],
    facts: factsOf(signIn, to.locale),
    action: { label: t.notMe, href: notMe },
    after: [t.ifYou, t.ifNot],
  });
}

/** Tells that a copy of her session was used, and that it is over. */
export function stolenSessionMail(to: Recipient, signIn: DescribedSignIn, notMe: string): Mail {
  const t = languages[languageOf(to.locale)].mail.stolenSession;
  return mailOf(to, {
    subject: t.subject,
    before: [t.greeting, t.what],
    facts: factsOf(signIn, to.locale),
    action: { label: t.notMe, href: notMe },
    after: [t.ifYou, t.ifNot],
  });
}

/** Confirms that her account was locked against whoever had signed in. */
export function takeoverMail(to: Recipient, resetUrl: string): Mail {
  const t = languages[languageOf(to.locale)].mail.takeover;
  return mailOf(to, {
    subject: t.subject,
    before: [t.greeting, t.what],
    action: { label: t.reset, href: resetUrl },
    after: [t.after],
  });
}
