import type { IncomingMessage, ServerResponse } from 'node:http';

/** A text message that was caught. */
export interface CaughtText {
  sid: string;
  /** When it came, ISO 8601. */
  time: string;
  to: string;
  from: string;
  body: string;
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const style = `body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1c2430}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid #d5dbe3}
td:last-child{white-space:pre-wrap;overflow-wrap:anywhere}`;

function page(texts: readonly CaughtText[]): string {
  const rows = texts.map(
    ({ time, to, body }) =>
      `<tr><td>${escaped(time.slice(11, 19))}</td><td>${escaped(to)}</td><td>${escaped(body)}</td></tr>`,
  );
  const list = `<table><tr><th>Time (UTC)</th><th>To</th><th>Text</th></tr>${rows.join('')}</table>`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Text messages</title><style>${style}</style><h1>Text messages</h1>
${rows.length ? list : '<p>No text message has come yet. Reload to look again.</p>'}</html>`;
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
  response.end(body);
}

/** Answers with JSON. */
export const sendJson = (response: ServerResponse, status: number, value: unknown): void =>
  send(response, status, 'application/json', JSON.stringify(value));

const isFromHere = ({ headers }: IncomingMessage): boolean =>
  ['localhost', '127.0.0.1'].includes((headers.host ?? '').replace(/:\d+$/, ''));

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
  if (pathname === '/') return send(response, 200, 'text/html', page(texts));
  if (pathname !== '/messages') return sendJson(response, 404, { error: 'Not found' });
  const number = searchParams.get('to');
  return sendJson(response, 200, number === null ? texts : texts.filter(({ to }) => to === number));
}
