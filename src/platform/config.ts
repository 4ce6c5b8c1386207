import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { fallbackConfig, fallbackVariables, fallbackWhole } from './fallback-config.ts';
import { smsConfig, smsVariables, smsWhole } from './sms-config.ts';

const parts = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
);
const list = parts.pipe(z.array(z.string()).min(1));

const secret = z.string().min(32, 'must have at least 32 characters');
const key = z
  .string()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => bytes.length === 32, 'must be 32 bytes in base64');

/** `id:base64,id:base64`: named 32-byte keys in the order given. */
const keyring = list.transform((parts, ctx) => {
  const keys = new Map<string, Buffer>();
  for (const part of parts) {
    const at = part.indexOf(':');
    const bytes = key.safeParse(part.slice(at + 1));
    if (at < 1 || !bytes.success) ctx.addIssue({ code: 'custom', message: 'must be id:base64 pairs of 32-byte keys' });
    else keys.set(part.slice(0, at), bytes.data);
  }
  return keys;
});

/** `id` or `id:secret` by comma: a client without a secret is a public one. */
const clientList = parts.transform((entries, ctx) => {
  const clients = new Map<string, string | undefined>();
  for (const entry of entries) {
    const [, id, given] = /^([^:]+)(?::(.*))?$/.exec(entry) ?? [];
    if (!id || clients.has(id))
      ctx.addIssue({ code: 'custom', message: 'must be clients, `id` or `id:secret`, each once' });
    else if (given !== undefined && given.length < 32)
      ctx.addIssue({ code: 'custom', message: 'must have secrets of at least 32 characters' });
    else clients.set(id, given);
  }
  return clients;
});

/** `alias:Name` by comma: what Keycloak calls a provider, and what people do. */
const providers = parts.transform((entries, ctx) => {
  const found = new Map<string, string>();
  for (const entry of entries) {
    const [, alias, name] = /^([\w-]{1,64}):(.{1,64})$/.exec(entry) ?? [];
    if (alias && name) found.set(alias, name);
    else ctx.addIssue({ code: 'custom', message: 'must be providers, `alias:Name` by comma' });
  }
  return found;
});

const port = z.coerce.number().int().min(0).max(65_535);
const seconds = (standard: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(standard);
const count = seconds;
const isOrigin = (text: string): boolean => URL.canParse(text) && /^https?:\/\/[^/]+$/.test(new URL(text).origin);
const origin = z
  .string()
  .refine(isOrigin, 'must be an origin, such as https://shop.example')
  .transform((text) => new URL(text).origin);
const origins = list
  .refine((all) => all.every(isOrigin), 'must be origins, such as https://shop.example')
  .transform((all) => all.map((text) => new URL(text).origin));

// `ipaddr` also reads `10` or `0x0a000001` as addresses, which is a slip of the pen here.
const isNetwork = (text: string): boolean =>
  ipaddr.IPv4.isValidFourPartDecimal(text) ||
  ipaddr.IPv4.isValidCIDRFourPartDecimal(text) ||
  ipaddr.IPv6.isValid(text) ||
  ipaddr.IPv6.isValidCIDR(text);
const networks = parts.refine((all) => all.every(isNetwork), 'must be addresses or networks in CIDR notation');
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Every variable the service reads, with what it means. Secrets and addresses have no default (design §9). */
export const variables = z.object({
  NODE_ENV: z
    .enum(['production', 'development', 'test'])
    .default('production')
    .describe('production hides introspection and the query page'),
  ROLE: z.enum(['server', 'worker', 'all']).default('all').describe('what this process does'),
  HOST: z.string().default('127.0.0.1').describe('address the public listener binds'),
  PORT: port.default(4000).describe('port of the public listener'),
  ADMIN_HOST: z.string().default('127.0.0.1').describe('address the admin listener binds'),
  ADMIN_PORT: port.default(4001).describe('port of health, metrics and the deliveries from Keycloak'),
  GRPC_PORT: port.default(4002).describe('port of gRPC, without TLS; on the address of the public listener'),
  PUBLIC_URL: origin.describe('origin under which browsers reach the service'),
  ALLOWED_ORIGINS: origins.describe('origins whose pages may call with cookies, by comma'),
  TRUSTED_PROXIES: networks.default([]).describe('addresses or networks whose X-Forwarded-For counts, by comma'),
  DATABASE_URL: z.url().describe('PostgreSQL of the service'),
  KEYS_DATABASE_URL: z.url().describe('PostgreSQL of the customer keys, a database of its own'),
  DATABASE_POOL: count(10, 2, 100).describe('connections to the main database'),
  REDIS_URL: z.url().describe('Redis for streams, live updates and rate limits'),
  KEYCLOAK_URL: z.url().describe('base address under which the service reaches Keycloak'),
  KEYCLOAK_REALM: z.string().min(1).default('customer').describe('realm of the customers'),
  KEYCLOAK_ISSUER: z.url().describe('`iss` of its tokens, as browsers see it'),
  KEYCLOAK_EVENTS_KEY: secret.describe('key that signs the deliveries of our listener in Keycloak'),
  KEYCLOAK_DATABASE_URL: z
    .url()
    .optional()
    .describe('its PostgreSQL, by a role that only reads users; the sweep goes over HTTP without it'),
  KEYCLOAK_TIMEOUT_SECONDS: seconds(3, 1, 30).describe('longest wait for an answer of Keycloak'),
  TOKEN_AUDIENCE: z.string().min(1).describe('audience a token must name, such as customer-api'),
  TOKEN_CLIENTS: list.describe('clients (`azp`) whose tokens count, by comma'),
  BFF_CLIENT_ID: z.string().min(1).describe('our client for browsers'),
  BFF_CLIENT_SECRET: secret.describe('its secret'),
  SERVICE_CLIENT_ID: z.string().min(1).describe('our service account at Keycloak'),
  SERVICE_CLIENT_SECRET: secret.describe('its secret'),
  LOGIN_CLIENTS: clientList
    .prefault('')
    .describe(
      'clients in whose name services may sign customers in over gRPC, `id` or `id:secret` by comma; none without',
    ),
  ROUTER_SECRETS: list.pipe(z.array(secret).max(2)).describe('credentials of the router, two at once for rotation'),
  KEY_ENCRYPTION_KEYS: keyring.describe(
    'keys that wrap the customer keys, `id:base64` by comma; the last wraps new ones',
  ),
  INDEX_KEYS: keyring.describe(
    'keys of the hashes by which sealed values are found, `version:base64` by comma; at most two, the last is current',
  ),
  TOKEN_KEY: key.describe('key that derives refresh handles and signs cookies, 32 bytes in base64'),
  ...fallbackVariables,
  SOCIAL_PROVIDERS: providers
    .prefault('')
    .describe('providers that our pages offer to sign in with, `alias:Name` by comma; none without'),
  SESSION_IDLE_SECONDS: seconds(3600, 60, 86_400).describe('a session ends after so long without use'),
  SESSION_MAX_SECONDS: seconds(3600, 60, 2_592_000).describe('a session ends after so long whatever happens'),
  LOGIN_REFUSAL_MS: count(1000, 0, 4000).describe(
    'least time a refused sign-in over gRPC takes to answer, known address or not',
  ),
  REGISTRATION_MAILS_PER_HOUR: count(3, 1, 1000).describe('mails an address gets from registrations, per hour'),
  REGISTRATIONS_PER_HOUR: count(20, 1, 1_000_000).describe('registrations from one network (/24, /48), per hour'),
  REGISTRATION_TIME_MS: count(800, 0, 10_000).describe(
    'least time a registration takes to answer, known address or not',
  ),
  CONTACT_CHANGES_PER_HOUR: count(5, 1, 1000).describe('changes of contacts one customer asks for, per hour'),
  CODE_MAILS_PER_HOUR: count(5, 1, 1000).describe('mails with a code that one customer asks for, per hour'),
  UNPROVEN_DAYS: count(7, 1, 60).describe('days after which an unproven registration is dropped'),
  SMTP_URL: z.url().describe('where our own mails go'),
  MAIL_FROM: z.string().min(3).describe('their sender'),
  ...smsVariables,
  EVENT_SOURCE: z.string().default('urn:customers').describe('`source` of published events'),
  STREAM_MAX_LENGTH: count(1_000_000, 1000, 100_000_000).describe('entries the published stream keeps at least'),
  SWEEP_MAX_MISSING: count(20, 1, 1_000_000).describe(
    'a sweep that misses more users than this (or 0.1 %) stops with an alarm',
  ),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])
    .default('info')
    .describe('least level that is logged'),
  INTROSPECTION: flag.optional().describe('shows the schema to clients; on by default outside production'),
});

/** Something is wrong with the environment; `problems` names every variable, never a value. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The configuration is not complete:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

function surroundings(v: z.infer<typeof variables>) {
  return {
    registration: {
      mailsPerHour: v.REGISTRATION_MAILS_PER_HOUR,
      perNetworkPerHour: v.REGISTRATIONS_PER_HOUR,
      answerMs: v.REGISTRATION_TIME_MS,
      unprovenDays: v.UNPROVEN_DAYS,
    },
    contacts: { changesPerHour: v.CONTACT_CHANGES_PER_HOUR },
    codes: { mailsPerHour: v.CODE_MAILS_PER_HOUR },
    mail: { url: v.SMTP_URL, from: v.MAIL_FROM },
    sms: smsConfig(v),
    fallback: fallbackConfig(v),
    socialProviders: v.SOCIAL_PROVIDERS,
    events: { source: v.EVENT_SOURCE, streamMaxLength: v.STREAM_MAX_LENGTH },
    sweep: { maxMissing: v.SWEEP_MAX_MISSING },
    log: { level: v.LOG_LEVEL },
  };
}

function shape(v: z.infer<typeof variables>) {
  return {
    production: v.NODE_ENV === 'production',
    role: v.ROLE,
    server: {
      host: v.HOST,
      port: v.PORT,
      grpcPort: v.GRPC_PORT,
      adminHost: v.ADMIN_HOST,
      adminPort: v.ADMIN_PORT,
      publicUrl: v.PUBLIC_URL,
      allowedOrigins: v.ALLOWED_ORIGINS,
      trustedProxies: v.TRUSTED_PROXIES,
      introspection: v.INTROSPECTION ?? v.NODE_ENV !== 'production',
      routerSecrets: v.ROUTER_SECRETS,
    },
    database: { url: v.DATABASE_URL, keysUrl: v.KEYS_DATABASE_URL, pool: v.DATABASE_POOL },
    redis: { url: v.REDIS_URL },
    keycloak: {
      url: v.KEYCLOAK_URL.replace(/\/$/, ''),
      realm: v.KEYCLOAK_REALM,
      issuer: v.KEYCLOAK_ISSUER,
      eventsKey: v.KEYCLOAK_EVENTS_KEY,
      databaseUrl: v.KEYCLOAK_DATABASE_URL,
      timeoutSeconds: v.KEYCLOAK_TIMEOUT_SECONDS,
      bff: { id: v.BFF_CLIENT_ID, secret: v.BFF_CLIENT_SECRET },
      service: { id: v.SERVICE_CLIENT_ID, secret: v.SERVICE_CLIENT_SECRET },
    },
    login: { clients: v.LOGIN_CLIENTS, refusalMs: v.LOGIN_REFUSAL_MS },
    tokens: { audience: v.TOKEN_AUDIENCE, clients: v.TOKEN_CLIENTS },
    keys: { encryption: v.KEY_ENCRYPTION_KEYS, index: v.INDEX_KEYS, token: v.TOKEN_KEY },
    session: { idleSeconds: v.SESSION_IDLE_SECONDS, maxSeconds: v.SESSION_MAX_SECONDS },
    ...surroundings(v),
  };
}

/** The service's configuration: nested and frozen. */
export type Config = Readonly<ReturnType<typeof shape>>;

function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (part && Object.getPrototypeOf(part) === Object.prototype) freeze(part);
  return Object.freeze(value);
}

/**
 * Reads the configuration.
 *
 * @throws ConfigError naming everything that is wrong at once, without any value
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const result = variables.superRefine(smsWhole).superRefine(fallbackWhole).safeParse(given);
  if (result.success) return freeze(shape(result.data));
  throw new ConfigError(
    result.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return given[name] === undefined
        ? `${name} is missing: ${variables.shape[name as keyof typeof variables.shape].description}`
        : `${name} ${issue.message}`;
    }),
  );
}
