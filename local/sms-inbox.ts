import type { IncomingMessage, ServerResponse } from 'node:http';
import { escaped, isFromHere, page, send, sendJson } from './inbox-answers.ts';

/** A text message that was caught. */
export interface CaughtText {
  sid: string;
  /** When it came, ISO 8601. */
  time: string;
  to: string;
  from: string;
  body: string;
}

const style = `td,th{vertical-align:top}td:last-child{white-space:pre-wrap;overflow-wrap:anywhere}`;

function listPage(texts: readonly CaughtText[]): string {
  const rows = texts.map(
    ({ time, to, body }) =>
      `<tr><td>${escaped(time.slice(11, 19))}</td><td>${escaped(to)}</td><td>${escaped(body)}</td></tr>`,
  );
  const list = `<table><tr><th>Time (UTC)</th><th>To</th><th>Text</th></tr>${rows.join('')}</table>`;
  return page(
    'Text messages',
    style,
    rows.length ? list : '<p>No text message has come yet. Reload to look again.</p>',
  );
}

/**
 * The inbox: a page at `/`, `GET /messages` (the newest first; `?to=%2B49…` those to one number), `DELETE /messages`.
 * Messages hold codes, so no other origin may read them: no CORS header, and a host name other than this machine's is
 * refused (DNS rebinding).
 */
export function answerInbox(texts: CaughtText[], request: IncomingMessage, response: ServerResponse): void {
  if (!isFromHere(request)) return sendJson(response, 403, { error: 'Ask for localhost' });
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/messages' && request.method === 'DELETE') {
    return sendJson(response, 200, { deleted: texts.splice(0).length });
  }
  if (request.method !== 'GET') return sendJson(response, 405, { error: 'GET and DELETE only' });
  if (pathname === '/') return send(response, 200, 'text/html', listPage(texts));
  if (pathname !== '/messages') return sendJson(response, 404, { error: 'Not found' });
  const number = searchParams.get('to');
  return sendJson(response, 200, number === null ? texts : texts.filter(({ to }) => to === number));
}
