import { z } from 'zod';
import type { SmsAccount } from './sms.ts';

const whole = (standard: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(standard);

/** `DE:9,AT:8.5`: countries with the price of one message in cents. */
const prices = z
  .string()
  .regex(/^\s*[A-Z]{2}:\d{1,4}(\.\d{1,3})?(\s*,\s*[A-Z]{2}:\d{1,4}(\.\d{1,3})?)*\s*$/, 'must be DE:9,AT:8.5')
  .transform((text) => new Map(text.split(',').map((pair) => [pair.trim().slice(0, 2), Number(pair.split(':')[1])])));

/** What the service reads about text messages. Without the first four there are none, and it says so. */
export const smsVariables = {
  SMS_URL: z.url().optional().describe('gateway for text messages that speaks Twilio’s Messages API; without it: none'),
  SMS_ACCOUNT: z.string().min(1).optional().describe('our account there'),
  SMS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional().describe('its secret'),
  SMS_FROM: z.string().min(3).optional().describe('sender of text messages: a number in E.164 form, or a name'),
  SMS_COUNTRIES: prices
    .prefault('DE:10,AT:10,CH:10')
    .describe('countries whose numbers get text messages, with the price of one in cents'),
  SMS_BUDGET_CENTS: whole(5000, 0, 100_000_000).describe('what text messages may cost on one day (UTC), cents'),
  SMS_PER_NUMBER_PER_HOUR: whole(5, 1, 1000).describe('text messages to one number, per hour'),
  SMS_PER_CUSTOMER_PER_HOUR: whole(10, 1, 1000).describe('text messages one customer asks for, per hour'),
  SMS_PER_ADDRESS_PER_HOUR: whole(20, 1, 1_000_000).describe(
    'text messages asked for from one address (IPv6: /64), per hour',
  ),
  SMS_PER_PREFIX_PER_HOUR: whole(30, 1, 1_000_000).describe(
    'text messages to numbers that share seven digits, country code included, per hour',
  ),
  SMS_PER_COUNTRY_PER_HOUR: whole(500, 1, 10_000_000).describe('text messages to one country, per hour'),
  SMS_BREAKER_MINUTES: whole(60, 10, 1440).describe(
    'how far back messages are compared with the codes that came back; after so long a breaker closes by itself',
  ),
  SMS_BREAKER_LEAST: whole(20, 1, 1_000_000).describe('a breaker judges only after so many messages'),
  SMS_BREAKER_PERCENT: whole(30, 0, 100).describe(
    'a country or prefix of whose codes fewer come back gets no more messages',
  ),
};

type SmsValues = z.infer<z.ZodObject<typeof smsVariables>>;
const account = ['SMS_URL', 'SMS_ACCOUNT', 'SMS_TOKEN', 'SMS_FROM'] as const;

/** All four or none: half an account would be noticed only by the first customer who needs a code. */
export function smsWhole(values: Partial<Record<(typeof account)[number], unknown>>, ctx: z.RefinementCtx): void {
  const missing = account.filter((name) => values[name] === undefined);
  if (missing.length === account.length) return;
  for (const name of missing) {
    ctx.addIssue({ code: 'custom', path: [name], message: `must be given together with ${account.join(', ')}` });
  }
}

function accountOf(v: SmsValues): SmsAccount | undefined {
  const { SMS_URL: url, SMS_ACCOUNT: sid, SMS_TOKEN: token, SMS_FROM: from } = v;
  return url && sid && token && from ? { url, account: sid, token, from } : undefined;
}

/** The same, nested. */
export function smsConfig(v: SmsValues) {
  return {
    gateway: accountOf(v),
    /** Price of a message in cents, by country. */
    prices: v.SMS_COUNTRIES as ReadonlyMap<string, number>,
    budgetCents: v.SMS_BUDGET_CENTS,
    perHour: {
      number: v.SMS_PER_NUMBER_PER_HOUR,
      customer: v.SMS_PER_CUSTOMER_PER_HOUR,
      address: v.SMS_PER_ADDRESS_PER_HOUR,
      prefix: v.SMS_PER_PREFIX_PER_HOUR,
      country: v.SMS_PER_COUNTRY_PER_HOUR,
    },
    breaker: { minutes: v.SMS_BREAKER_MINUTES, least: v.SMS_BREAKER_LEAST, percent: v.SMS_BREAKER_PERCENT },
  };
}

/** Limits and gateway of text messages. */
export type SmsConfig = ReturnType<typeof smsConfig>;
