import { randomBytes, randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { type Running, run } from '../../src/main.ts';
import { readConfig } from '../../src/platform/config.ts';
import { createLog } from '../../src/platform/log.ts';
import { cloneDatabases } from './database.ts';
import { linkCustomer, startIssuer, type TokenChange, type TokenIssuer } from './token-issuer.ts';

/** The whole service in this process, over real databases, with an issuer of tokens of its own. */
export interface EdgeWorld extends Omit<TokenIssuer, 'url' | 'stop'> {
  readonly url: string;
  readonly running: Running;
  readonly routerSecret: string;
  readonly eventsKey: string;
  /** Everything logged so far. */
  log(): string;
  ask(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Another replica over the same databases. It ends with this one. */
  replica(): Promise<Running>;
  stop(): Promise<void>;
}

const secret = (): string => randomBytes(32).toString('base64url');
const key = (): string => randomBytes(32).toString('base64');

function environment(databases: { url: string; keysUrl: string }, keycloakUrl: string, issuer: string) {
  return {
    NODE_ENV: 'test',
    ROLE: 'server',
    PORT: '0',
    ADMIN_PORT: '0',
    GRPC_PORT: '0',
    PUBLIC_URL: 'http://localhost:4000',
    ALLOWED_ORIGINS: 'http://shop.example',
    DATABASE_URL: databases.url,
    KEYS_DATABASE_URL: databases.keysUrl,
    REDIS_URL: inject('redisUrl'),
    KEYCLOAK_URL: keycloakUrl,
    KEYCLOAK_ISSUER: issuer,
    KEYCLOAK_EVENTS_KEY: secret(),
    TOKEN_AUDIENCE: 'customer-api',
    TOKEN_CLIENTS: 'customer-bff,customer-cli',
    BFF_CLIENT_ID: 'customer-bff',
    BFF_CLIENT_SECRET: secret(),
    SERVICE_CLIENT_ID: 'customer-service',
    SERVICE_CLIENT_SECRET: secret(),
    ROUTER_SECRETS: `${secret()},${secret()}`,
    KEY_ENCRYPTION_KEYS: `kek-1:${key()}`,
    INDEX_KEYS: `1:${key()}`,
    TOKEN_KEY: key(),
    SMTP_URL: 'smtp://127.0.0.1:1',
    MAIL_FROM: 'test@example.org',
    REGISTRATION_TIME_MS: '0',
  };
}

/** Starts it. Keycloak's users are not there: whoever comes must be linked already. */
export async function openEdge(more: Record<string, string> = {}): Promise<EdgeWorld> {
  const databases = await cloneDatabases();
  const keycloak = await startIssuer();
  const env = { ...environment(databases, keycloak.url, keycloak.issuer), ...more };
  let lines = '';
  const log = createLog('info', { write: (line) => void (lines += line) });
  const running = await run(readConfig(env), log);
  const replicas: Running[] = [running];
  const url = running.publicUrl ?? '';
  const { url: _url, stop: _stop, ...issuing } = keycloak;
  return {
    ...issuing,
    url,
    running,
    routerSecret: env.ROUTER_SECRETS.split(',')[1] ?? '',
    eventsKey: env.KEYCLOAK_EVENTS_KEY,
    log: () => lines,
    ask: (body, headers = {}) =>
      fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async replica() {
      const replica = await run(readConfig(env), log);
      replicas.push(replica);
      return replica;
    },
    async stop() {
      for (const each of replicas) await each.stop();
      keycloak.stop();
      await databases.drop();
    },
  };
}

/** The token of a new customer; a good one, but for the change. */
export async function tokenOfCustomer(edge: EdgeWorld, change?: TokenChange): Promise<string> {
  const subject = randomUUID();
  await linkedCustomer(edge, subject);
  return edge.token(subject, change);
}

/** Registers a customer whom the token's subject is linked to. */
export function linkedCustomer({ running, issuer }: EdgeWorld, subject: string): Promise<string> {
  return linkCustomer(running.parts, issuer, subject);
}
