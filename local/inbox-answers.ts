import type { IncomingMessage, ServerResponse } from 'node:http';

/** Text as it may stand in HTML. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const commonStyle = `body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1c2430}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #d5dbe3}`;

/** A page of an inbox; `style` is what it has beyond the others. */
export function page(title: string, style: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${commonStyle}
${style}</style><h1>${escaped(title)}</h1>${body}</html>`;
}

/** Answers; a page loads nothing, unless its own policy says what it may. */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  policy = "default-src 'none'; style-src 'unsafe-inline'",
): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
  response.end(body);
}

/** Answers with JSON. */
export const sendJson = (response: ServerResponse, status: number, value: unknown): void =>
  send(response, status, 'application/json', JSON.stringify(value));

/** Whether the request names this machine as its host. No other origin may read what was caught (DNS rebinding). */
export const isFromHere = ({ headers }: IncomingMessage): boolean =>
  ['localhost', '127.0.0.1'].includes((headers.host ?? '').replace(/:\d+$/, ''));
