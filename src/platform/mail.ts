import { createTransport } from 'nodemailer';

/** One mail to one person: text and HTML say the same. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Sends our own mails. */
export interface MailSender {
  /** @throws MailRefused for an address or a subject that would write a header; else whatever the mail server said */
  send(mail: Mail): Promise<void>;
  close(): void;
}

/** The mail was not sent because one of its headers holds a control character. */
export class MailRefused extends Error {
  readonly code = 'MAIL_HEADER';
  constructor() {
    super('A mail header holds a control character.');
    this.name = 'MailRefused';
  }
}

const isClean = (header: string): boolean => !/\p{Cc}|\p{Cs}|[\u2028\u2029]/u.test(header);

/** Characters that mean something in HTML, as their entities. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** What a mail says, before it is text and HTML. */
export interface Letter {
  readonly to: string;
  /** BCP 47. */
  readonly language: string;
  readonly subject: string;
  readonly before: readonly string[];
  /** What is known, line by line. */
  readonly facts?: readonly string[];
  readonly action?: { readonly label: string; readonly href: string };
  readonly after?: readonly string[];
}

/** Writes a letter: the same paragraphs as text and as HTML, the link among them. */
export function written({ to, language, subject, before, facts = [], action, after = [] }: Letter): Mail {
  const link = action && `<a href="${escapeHtml(action.href)}">${escapeHtml(action.label)}</a>`;
  const known = facts.length ? [facts] : [];
  const paragraphs = [
    ...before.map(escapeHtml),
    ...known.map((lines) => lines.map(escapeHtml).join('<br>')),
    ...(link ? [link] : []),
    ...after.map(escapeHtml),
  ].map((inner) => `<p>${inner}</p>`);
  const plainLink = action ? [`${action.label}: ${action.href}`] : [];
  return {
    to,
    subject,
    text: [...before, ...known.map((lines) => lines.join('\n')), ...plainLink, ...after].join('\n\n'),
    html: `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>${escapeHtml(subject)}</title>${paragraphs.join('')}</html>`,
  };
}

/**
 * Reaches the mail server at `url` (`smtp://`, or `smtps://` for TLS from the start).
 *
 * @param timeoutMs  a mail server that says nothing for so long is given up
 */
export function createMailSender(
  config: { readonly url: string; readonly from: string },
  timeoutMs = 10_000,
): MailSender {
  const transport = createTransport({
    url: config.url,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ to, subject, text, html }) {
      if (![to, subject].every(isClean)) throw new MailRefused();
      // As an object the address is one recipient, whatever commas and brackets are in it.
      const recipient = { name: '', address: to };
      await transport.sendMail({
        from: config.from,
        to: recipient,
        subject,
        text,
        html,
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    },
    close: () => transport.close(),
  };
}
