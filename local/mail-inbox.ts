import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { escaped, isFromHere, page, send, sendJson } from './inbox-answers.ts';

/** Who sends or gets a mail. */
export interface MailAddress {
  address: string;
  name: string;
}

/** A mail that was caught; the shape is that of maildev, whose image docker-compose.yml uses. */
export interface CaughtMail {
  id: string;
  /** When it came, ISO 8601. */
  time: string;
  subject: string;
  from: MailAddress[];
  to: MailAddress[];
  cc: MailAddress[];
  /** Every recipient of the envelope, blind copies too. */
  envelope: { from: string; to: string[] };
  text: string;
  html: string;
  /** By lower-case name; the last of several. */
  headers: Record<string, string>;
}

const people = (list: CaughtMail['to']): string => list.map(({ address }) => address).join(', ');

const style = `pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f6f9;padding:1rem}iframe{width:100%;height:40rem;border:1px solid #d5dbe3}`;

function listPage(mails: readonly CaughtMail[]): string {
  const rows = mails.map(
    (mail) => `<tr><td>${escaped(mail.time.slice(11, 19))}</td><td>${escaped(people(mail.to))}</td>
<td><a href="/mail/${mail.id}">${escaped(mail.subject || '(no subject)')}</a></td></tr>`,
  );
  if (rows.length === 0) return page('Inbox', style, '<p>No mail has come yet. Reload to look again.</p>');
  return page('Inbox', style, `<table><tr><th>Time (UTC)</th><th>To</th><th>Subject</th></tr>${rows.join('')}</table>`);
}

function linksOf(text: string): string {
  return escaped(text).replace(/https?:\/\/[^\s<>"]+/g, (link) => `<a href="${link}" rel="noreferrer">${link}</a>`);
}

function mailPage(mail: CaughtMail): string {
  const facts = `<p>From ${escaped(people(mail.from))} to ${escaped(people(mail.to))} · ${escaped(mail.time)}</p>`;
  // A mail may hold anything: it gets no script, no form and no origin; links open outside of the frame.
  const frame = `<iframe title="HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" src="/email/${mail.id}/html"></iframe>`;
  const html = mail.html ? `<h2>HTML</h2>${frame}` : '';
  return page(
    mail.subject || '(no subject)',
    style,
    `<p><a href="/">Inbox</a></p>${facts}<pre>${linksOf(mail.text)}</pre>${html}`,
  );
}

/** A mail's own HTML stands in a frame of its page. */
const framing = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'";

function answerApi(
  mails: CaughtMail[],
  request: IncomingMessage,
  response: ServerResponse,
  id: string | undefined,
  view: string | undefined,
): void {
  const at = mails.findIndex((mail) => mail.id === id);
  const mail = mails[at];
  if (request.method === 'DELETE') {
    // A preflight, which nobody answers here, stands before this method: other pages cannot send it.
    const count = id === 'all' || id === undefined ? mails.splice(0).length : mail ? mails.splice(at, 1).length : 0;
    return sendJson(response, count > 0 || id === 'all' ? 200 : 404, { deleted: count });
  }
  if (request.method !== 'GET') return sendJson(response, 405, { error: 'GET and DELETE only' });
  if (id === undefined) return sendJson(response, 200, mails);
  if (!mail) return sendJson(response, 404, { error: 'No such mail' });
  if (view === 'html') {
    return send(
      response,
      200,
      'text/html',
      `<base target="_blank">${mail.html}`,
      "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    );
  }
  return sendJson(response, 200, mail);
}

/**
 * The inbox's pages (`/`, `/mail/{id}`) and its API: `GET /email` (the newest first), `GET /email/{id}`,
 * `GET /email/{id}/html`, `DELETE /email/all`, `DELETE /email/{id}`; the same under `/api`.
 *
 * Mails hold sign-in links, so no other origin may read them: no CORS header, and a host name other than this
 * machine's (DNS rebinding) is refused.
 */
export function serveInbox(mails: CaughtMail[]): RequestListener {
  return (request, response) => {
    if (!isFromHere(request)) return sendJson(response, 403, { error: 'Ask for localhost' });
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const api = /^(?:\/api)?\/email(?:\/(\w+))?(?:\/(html))?\/?$/.exec(path);
    if (api) return answerApi(mails, request, response, api[1], api[2]);
    if (request.method !== 'GET') return sendJson(response, 405, { error: 'GET only' });
    if (path === '/') return send(response, 200, 'text/html', listPage(mails));
    const mail = mails.find(({ id }) => path === `/mail/${id}`);
    return mail
      ? send(response, 200, 'text/html', mailPage(mail), framing)
      : sendJson(response, 404, { error: 'Not found' });
  };
}
