import ipaddr from 'ipaddr.js';
import type pg from 'pg';
import { DomainError, invalid, RateLimited, Unavailable } from '../domain/errors.ts';
import { type PhoneNumber, phoneDetails } from '../domain/values/phone-number.ts';
import { prefixOf, takesTextMessages } from '../domain/values/text-number.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { RateLimits } from '../platform/rate-limits.ts';
import type { SmsConfig } from '../platform/sms-config.ts';
import { SmsFailed, type SmsGateway } from '../platform/sms.ts';
import { brokenScopes, giveBack, noteMessage, spend, spentOn } from './text-message-counts.ts';

/** A text message, and who asked for it. */
export interface WantedText {
  readonly number: PhoneNumber;
  readonly body: string;
  /** Address of the person who asks, not of a machine between. */
  readonly ip: string;
  /** Her id at the identity provider, or ours. */
  readonly customer: string;
}

/** Text messages within their limits (issue 2, deliverable 3): one place for every door that sends a code. */
export interface TextMessages {
  /**
   * Sends a message. Answers within five seconds, whatever hangs.
   *
   * @throws ValidationFailed  `number`: not mobile (`mobile`), of a country that gets none (`country`), refused by the
   *                           gateway (`phone`)
   * @throws RateLimited       for too many messages to this number, to its neighbours, or asked for from here
   * @throws Unavailable       without a gateway, while it does not answer, when the budget is spent or a breaker open
   */
  send(wanted: WantedText): Promise<void>;
  /** To be told for each code that came back right: the breaker compares. */
  verified(number: PhoneNumber): Promise<void>;
  /** Whether the day's budget is spent, and whether a breaker is open. */
  alarms(): Promise<{ readonly budget: boolean; readonly breaker: boolean }>;
}

/** What it works with. */
export interface TextMessageParts {
  readonly config: SmsConfig;
  readonly gateway: SmsGateway;
  readonly limits: RateLimits;
  readonly pool: Pick<pg.Pool, 'query'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'textMessages'>;
}

const hour = 3600;
/** What is left of five seconds for whoever asks us over the network. */
const patienceMs = 4000;
const retrySeconds = { gateway: 30, breaker: 600 } as const;

/** Why a message was not sent: the error that says so, and its word in the metrics. */
class Refusal extends Error {
  readonly outcome: string;
  readonly error: DomainError;
  constructor(outcome: string, error: DomainError) {
    super(outcome);
    this.outcome = outcome;
    this.error = error;
  }
}

/** An address of IPv4; of IPv6 the /64 that one household has. */
function householdOf(ip: string): string {
  const bits = ipaddr.isValid(ip) ? ipaddr.process(ip) : undefined;
  if (!(bits instanceof ipaddr.IPv6)) return bits?.toString() ?? 'unknown';
  return bits.parts.slice(0, 4).join(':');
}

/** Who asks is counted before who is written to, so that nobody over her own limit uses up another's. */
async function mustHaveRoom({ config, limits }: TextMessageParts, wanted: WantedText, region: string): Promise<void> {
  const { number, ip, customer } = wanted;
  const stages = [
    { address: householdOf(ip), customer },
    { number, prefix: prefixOf(number) },
    { country: region },
  ] as const;
  for (const stage of stages) {
    const tries = Object.entries(stage).map(async ([what, subject]) => {
      const limit = config.perHour[what as keyof SmsConfig['perHour']];
      return { what, wait: await limits.take(`sms-${what}`, subject, limit, hour) };
    });
    const full = (await Promise.all(tries)).find(({ wait }) => wait > 0);
    if (full) throw new Refusal(`${full.what}_limited`, new RateLimited(full.wait));
  }
}

/** The country of a number that may be written to, and the price. */
function priceOf({ config }: TextMessageParts, number: PhoneNumber): { region: string; cents: number } {
  const { region } = phoneDetails(number);
  const cents = region === null ? undefined : config.prices.get(region);
  if (region === null || cents === undefined) {
    throw new Refusal('country_refused', invalid('number', 'country', 'Numbers of this country get no messages.'));
  }
  if (!takesTextMessages(number)) {
    throw new Refusal('not_mobile', invalid('number', 'mobile', 'This is not the number of a mobile telephone.'));
  }
  return { region, cents };
}

function refusalOf(failed: SmsFailed): Refusal {
  const error =
    failed.fault === 'number'
      ? invalid('number', 'phone', 'No message reaches this number.')
      : new Unavailable(retrySeconds.gateway);
  return new Refusal(`gateway_${failed.fault}`, error);
}

const endOfDay = (now: Date): number => Math.ceil((86_400_000 - (now.getTime() % 86_400_000)) / 1000);

async function handOver(parts: TextMessageParts, { number, body }: WantedText, cents: number): Promise<void> {
  const { gateway, pool, log } = parts;
  const now = parts.clock.now();
  try {
    await gateway.send({ to: number, body });
  } catch (error) {
    if (!(error instanceof SmsFailed)) throw error;
    const { fault, gatewayCode } = error;
    log.warn({ fault, gatewayCode }, 'a text message was not sent');
    // After a time-out it may have gone out and cost something.
    if (fault !== 'timeout') await giveBack(pool, now, cents);
    throw refusalOf(error);
  }
}

/** @param isLate  whether the asker has been told already that it did not work */
async function sendWithin(parts: TextMessageParts, wanted: WantedText, isLate: () => boolean): Promise<void> {
  const { config, pool, clock, metrics } = parts;
  const { region, cents } = priceOf(parts, wanted.number);
  if (!config.gateway) throw new Refusal('gateway_off', new Unavailable(hour));
  const scopes = [region, prefixOf(wanted.number)];
  await mustHaveRoom(parts, wanted, region);
  if ((await brokenScopes(pool, clock.now(), config.breaker, scopes)).length) {
    throw new Refusal('breaker_open', new Unavailable(retrySeconds.breaker));
  }
  if (isLate()) return;
  if (!(await spend(pool, clock.now(), cents, config.budgetCents))) {
    throw new Refusal('budget_spent', new Unavailable(endOfDay(clock.now())));
  }
  if (isLate()) return giveBack(pool, clock.now(), cents);
  await handOver(parts, wanted, cents);
  metrics.textMessages.inc({ country: region, outcome: 'sent' });
  await noteMessage(pool, clock.now(), scopes, 'sent');
}

async function inTime(parts: TextMessageParts, wanted: WantedText): Promise<void> {
  let late = false;
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      late = true;
      reject(new Refusal('too_late', new Unavailable(retrySeconds.gateway)));
    }, patienceMs);
  });
  try {
    await Promise.race([sendWithin(parts, wanted, () => late), patience]);
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the one sender of text messages of a process; limits, budget and breakers count over all of them. */
export function createTextMessages(parts: TextMessageParts): TextMessages {
  const { config, pool, clock, metrics } = parts;
  // Only countries that were chosen are names of their own: a visitor must not make new series.
  const label = (number: PhoneNumber): string => {
    const { region } = phoneDetails(number);
    return region !== null && config.prices.has(region) ? region : 'other';
  };
  return {
    async send(wanted) {
      try {
        await inTime(parts, wanted);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        metrics.textMessages.inc({ country: label(wanted.number), outcome: error.outcome });
        throw error.error;
      }
    },
    async verified(number) {
      metrics.textMessages.inc({ country: label(number), outcome: 'verified' });
      const { region } = phoneDetails(number);
      await noteMessage(pool, clock.now(), [...(region === null ? [] : [region]), prefixOf(number)], 'verified');
    },
    async alarms() {
      const now = clock.now();
      const dearest = Math.max(...config.prices.values());
      return {
        budget: (await spentOn(pool, now)) + dearest > config.budgetCents,
        breaker: (await brokenScopes(pool, now, config.breaker)).length > 0,
      };
    },
  };
}
