import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { v7 } from 'uuid';
import { inject } from 'vitest';
import { system } from '../../src/domain/access.ts';
import { CustomerAccount } from '../../src/domain/customer-account.ts';
import { parseEmail } from '../../src/domain/values/email.ts';
import { type Running, run } from '../../src/main.ts';
import { readConfig } from '../../src/platform/config.ts';
import { createLog } from '../../src/platform/log.ts';
import { cloneDatabases } from './database.ts';

/** Claims and header that differ from a good token's; undefined takes one away. */
export interface TokenChange {
  readonly claims?: JWTPayload & Record<string, unknown>;
  readonly header?: Partial<JWTHeaderParameters>;
}

/** The whole service in this process, over real databases, with an issuer of tokens of its own. */
export interface EdgeWorld {
  readonly url: string;
  readonly running: Running;
  readonly routerSecret: string;
  readonly eventsKey: string;
  readonly issuer: string;
  /** How often the issuer's keys were fetched. */
  keyFetches(): number;
  /** Everything logged so far. */
  log(): string;
  token(subject: string, change?: TokenChange): Promise<string>;
  ask(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Another replica over the same databases. It ends with this one. */
  replica(): Promise<Running>;
  stop(): Promise<void>;
}

async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test-1', use: 'sig', alg: 'RS256' };
  let fetches = 0;
  const server = createServer((req, res) => {
    const isKeys = req.url?.endsWith('/certs') ?? false;
    if (isKeys) fetches += 1;
    res.writeHead(isKeys ? 200 : 404, { 'content-type': 'application/json' });
    res.end(isKeys ? JSON.stringify({ keys: [jwk] }) : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = `${url}/realms/customer`;
  const sign = (payload: JWTPayload, header: Partial<JWTHeaderParameters>): Promise<string> =>
    new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'test-1', ...header }).sign(privateKey);
  return { url, issuer, sign, fetches: () => fetches, stop: () => server.close() };
}

function payloadOf(issuer: string, subject: string, claims: NonNullable<TokenChange['claims']>): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  const roles = { 'customer-api': { roles: ['customer:self'] } };
  const good = { iss: issuer, sub: subject, aud: 'customer-api', azp: 'customer-cli', typ: 'Bearer' };
  const times = { iat: now, exp: now + 300, auth_time: now, sid: randomUUID(), resource_access: roles };
  return Object.fromEntries(Object.entries({ ...good, ...times, ...claims }).filter(([, v]) => v !== undefined));
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
  return {
    url,
    running,
    routerSecret: env.ROUTER_SECRETS.split(',')[1] ?? '',
    eventsKey: env.KEYCLOAK_EVENTS_KEY,
    issuer: keycloak.issuer,
    keyFetches: keycloak.fetches,
    log: () => lines,
    token: (subject, { claims = {}, header = {} } = {}) =>
      keycloak.sign(payloadOf(keycloak.issuer, subject, claims), header),
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

/** The token of a new customer. */
export async function tokenOfCustomer(edge: EdgeWorld): Promise<string> {
  const subject = randomUUID();
  await linkedCustomer(edge, subject);
  return edge.token(subject);
}

/** Registers a customer whom the token's subject is linked to. */
export async function linkedCustomer({ running, issuer }: EdgeWorld, subject: string): Promise<string> {
  const { keys, pool, transactAs } = running.parts;
  const { id: keyId } = await keys.create();
  const [id, email] = [v7(), parseEmail(`${subject}@example.org`)];
  const account = { id, keyId, method: 'PASSWORD', email, emailVerified: true } as const;
  await transactAs({ actor: system('test'), requestId: id }, async (em) => {
    em.persist(CustomerAccount.register(account, { at: new Date(), by: 'SELF' }));
  });
  await pool.query(
    'insert into identity_link (issuer, subject, customer_id, linked_at, checked_at) values ($1, $2, $3, now(), now())',
    [issuer, subject, id],
  );
  return id;
}
