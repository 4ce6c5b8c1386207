// A gateway for text messages that sends none: it speaks Twilio's Messages API and shows what it was given. Part of
// `npm start`; alone, as in docker-compose.yml: `SMS_ACCOUNT=AC… SMS_TOKEN=… node local/sms.ts`.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Failure } from './failure.ts';
import { sendJson } from './inbox-answers.ts';
import { answerInbox, type CaughtText } from './sms-inbox.ts';

/** Who may send. */
export interface SmsCustomer {
  account: string;
  token: string;
}

/** A running catcher of text messages. */
export interface SmsCatcher {
  stop(): Promise<void>;
}

/** Older messages are dropped, so that a load test does not fill the memory. */
const textsKept = 1000;
/** Twilio takes 1,600 characters. */
const bodyAtMost = 1600;
const bytesAtMost = 16 * 1024;

/** An error as Twilio tells it. */
function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  sendJson(response, status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
}

function isCustomer(header: string | undefined, { account, token }: SmsCustomer): boolean {
  const wanted = Buffer.from(`Basic ${Buffer.from(`${account}:${token}`).toString('base64')}`);
  const given = Buffer.from(header ?? '');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    if (text.length < bytesAtMost) text += chunk;
  }
  return new URLSearchParams(text);
}

async function take(texts: CaughtText[], request: IncomingMessage, response: ServerResponse, account: string) {
  const form = await formOf(request);
  const [to = '', from = '', body = ''] = ['To', 'From', 'Body'].map((name) => form.get(name)?.trim());
  if (!to) return refuse(response, 400, 21604, "A 'To' phone number is required.");
  if (!/^\+[1-9]\d{6,14}$/.test(to)) return refuse(response, 400, 21211, `Invalid 'To' Phone Number: ${to}`);
  if (!from) return refuse(response, 400, 21603, "A 'From' phone number is required.");
  if (!body) return refuse(response, 400, 21602, 'Message body is required.');
  if (body.length > bodyAtMost)
    return refuse(response, 400, 21617, 'The concatenated message body exceeds the 1600 character limit');
  const sid = `SM${randomBytes(16).toString('hex')}`;
  texts.unshift({ sid, time: new Date().toISOString(), to, from, body });
  texts.length = Math.min(texts.length, textsKept);
  sendJson(response, 201, { sid, account_sid: account, to, from, body, status: 'queued', num_segments: '1' });
}

/**
 * Catches every message that the account sends and shows it, on the loopback address unless told otherwise. It lives in
 * this process and keeps the last 1,000 in memory.
 *
 * @throws Failure when the port is taken
 */
export async function startSms(port: number, customer: SmsCustomer, host = '127.0.0.1'): Promise<SmsCatcher> {
  const texts: CaughtText[] = [];
  const server = createServer((request, response) => {
    const [, account] = /^\/2010-04-01\/Accounts\/(\w+)\/Messages\.json$/.exec(request.url ?? '') ?? [];
    if (account === undefined) return answerInbox(texts, request, response);
    if (request.method !== 'POST') return refuse(response, 405, 20004, 'Method not allowed');
    if (account !== customer.account || !isCustomer(request.headers.authorization, customer)) {
      return refuse(response, 401, 20003, 'Authenticate');
    }
    void take(texts, request, response, account).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Failure(`Text messages cannot use port ${port}: ${error.message}.`)));
    server.listen(port, host, resolve);
  });
  return {
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

if (import.meta.main) {
  const { SMS_PORT = '1081', SMS_ACCOUNT = '', SMS_TOKEN = '', HOST } = process.env;
  if (!SMS_ACCOUNT || !SMS_TOKEN) throw new Failure('SMS_ACCOUNT and SMS_TOKEN must say who may send.');
  const catcher = await startSms(Number(SMS_PORT), { account: SMS_ACCOUNT, token: SMS_TOKEN }, HOST);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void catcher.stop());
}
