import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inject } from 'vitest';
import type { CaughtText } from '../../local/sms-inbox.ts';
import { freePort } from '../../local/ports.ts';
import { startSms } from '../../local/sms.ts';
import { createTextMessages, type TextMessages } from '../../src/messaging/text-messages.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { createLog, type Log } from '../../src/platform/log.ts';
import { createMetrics, type Metrics } from '../../src/platform/metrics.ts';
import { createRateLimits } from '../../src/platform/rate-limits.ts';
import { openRedis } from '../../src/platform/redis.ts';
import type { SmsConfig } from '../../src/platform/sms-config.ts';
import { createSmsGateway } from '../../src/platform/sms.ts';
import { adminHandler } from '../../src/server/admin.ts';
import { textMessageForms } from '../../src/server/text-messages.ts';
import { openRecords } from './records.ts';

const key = 'the key that Keycloak and we share, long enough';
const customer = { account: 'AC0123', token: 'a token of the local gateway' };

/** Limits that no test reaches unless it sets its own. */
const wide: Omit<SmsConfig, 'gateway'> = {
  prices: new Map([
    ['DE', 10],
    ['AT', 8.5],
  ]),
  budgetCents: 100_000,
  perHour: { number: 1000, customer: 1000, address: 1000, prefix: 1000, country: 1000 },
  breaker: { minutes: 60, least: 1000, percent: 30 },
};

/** A reply of the door. */
export interface Reply {
  readonly status: number;
  readonly body: { readonly number?: string; readonly code?: string; readonly issues?: { rule: string }[] };
  readonly retryAfter: number;
}

/** What moves while a test runs. */
interface Moving {
  advancedMs: number;
  readonly logged: string[];
}

interface Opened {
  readonly door: Server;
  readonly inbox: string;
  readonly texts: TextMessages;
  readonly metrics: Metrics;
  readonly moving: Moving;
  readonly closers: (() => unknown)[];
}

/** The sender over a real database, Redis and the local gateway. */
async function sender(
  limits: Partial<SmsConfig>,
  moving: Moving,
): Promise<Omit<Opened, 'door'> & { clock: Clock; log: Log }> {
  const records = await openRecords();
  const port = await freePort(new Set());
  const catcher = await startSms(port, customer);
  const inbox = `http://127.0.0.1:${port}`;
  const config: SmsConfig = { ...wide, gateway: { ...customer, url: inbox, from: '+15005550006' }, ...limits };
  const clock = { now: () => new Date(Date.now() + moving.advancedMs) };
  const log = createLog('info', { write: (line) => void moving.logged.push(line) });
  const redis = openRedis(inject('redisUrl'), log);
  // Each world counts for itself in the one Redis of all tests.
  const rateLimits = createRateLimits(redis, Buffer.from(records.databases.url), clock);
  const metrics = createMetrics();
  const gateway = createSmsGateway(config.gateway);
  const { pool } = records;
  const texts = createTextMessages({ config, gateway, limits: rateLimits, pool, clock, log, metrics });
  const closers = [() => catcher.stop(), () => redis.disconnect(), () => records[Symbol.asyncDispose]()];
  return { inbox, texts, metrics, moving, closers, clock, log };
}

/** The door by which our jar in Keycloak has codes sent. The clock moves where a test says so. */
export class TextingWorld implements AsyncDisposable {
  readonly #opened: Opened;

  private constructor(opened: Opened) {
    this.#opened = opened;
  }

  static async open(limits: Partial<SmsConfig> = {}): Promise<TextingWorld> {
    const opened = await sender(limits, { advancedMs: 0, logged: [] });
    const { clock, log, metrics, texts: textMessages } = opened;
    const config = { keycloak: { issuer: 'https://login.shop.example/realms/customer' } } as never;
    const forms = textMessageForms({ config, textMessages });
    const rest = {
      checks: [],
      receive: () => Promise.resolve(),
      register: () => Promise.reject(new Error('not here')),
    };
    const door = createServer(adminHandler({ clock, log, metrics, eventsKey: key, forms, ...rest }));
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    opened.closers.unshift(() => new Promise((resolve) => door.close(resolve)));
    return new TextingWorld({ ...opened, door });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#opened.closers) await close();
  }

  get texts(): TextMessages {
    return this.#opened.texts;
  }

  /** Everything that was logged, and the metrics. */
  async told(): Promise<string> {
    return this.#opened.moving.logged.join('') + (await this.#opened.metrics.registry.metrics());
  }

  advance(minutes: number): void {
    this.#opened.moving.advancedMs += minutes * 60_000;
  }

  /** As our jar in Keycloak asks. */
  ask(more: object = {}): Promise<Reply> {
    const wanted = { purpose: 'sign-in', number: '+4915112345678', code: '123456', locale: 'en' };
    return this.#post('', { ...wanted, ip: '203.0.113.7', customer: 'ada', ...more });
  }

  /** A code to this number came back right. */
  proven(number: string): Promise<Reply> {
    return this.#post('/proven', { number });
  }

  /** What went out, the newest first. */
  async sent(): Promise<CaughtText[]> {
    return (await (await fetch(`${this.#opened.inbox}/messages`)).json()) as CaughtText[];
  }

  /** How often something became of a message. */
  async counted(outcome: string, country = 'DE'): Promise<number> {
    const { values } = await this.#opened.metrics.textMessages.get();
    return values.find(({ labels }) => labels.outcome === outcome && labels.country === country)?.value ?? 0;
  }

  async #post(path: string, form: object): Promise<Reply> {
    const body = JSON.stringify(form);
    const seconds = Math.floor((Date.now() + this.#opened.moving.advancedMs) / 1000);
    const signature = createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex');
    const headers = { 'x-signature': `t=${seconds},v1=${signature}` };
    const { port } = this.#opened.door.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/internal/text-messages${path}`;
    const answer = await fetch(url, { method: 'POST', body, headers });
    const retryAfter = Number(answer.headers.get('retry-after'));
    return { status: answer.status, body: (await answer.json()) as Reply['body'], retryAfter };
  }
}
