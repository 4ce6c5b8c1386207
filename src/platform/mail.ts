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

/** The design of our pages, as far as mail programs go; the same as in Keycloak's mails (`email/html/template.ftl`). */
const style = [
  'body{margin:0;padding:1.5rem 1rem;background:#f6f7f9;color:#1c2430;font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}',
  '.card{max-width:32rem;margin:0 auto;padding:1.25rem;background:#fff;border:1px solid #c4cbd5;border-radius:.6rem}',
  'p{margin:0 0 1rem}p:last-child{margin:0}',
  'a{display:inline-block;padding:.55rem 1.2rem;background:#0b5cad;color:#fff;border-radius:.35rem;font-weight:600;text-decoration:none}',
  '@media(prefers-color-scheme:dark){body{background:#12161c;color:#e8ecf2}.card{background:#1b212a;border-color:#465162}a{background:#7db8f5;color:#0b1420}}',
].join('');

function framed(language: string, subject: string, paragraphs: readonly string[]): string {
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${escapeHtml(subject)}</title><style>${style}</style>`;
  return `<!doctype html><html lang="${language}"><head>${head}</head><body><div class="card">${paragraphs.join('')}</div></body></html>`;
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
    html: framed(language, subject, paragraphs),
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
