import { existsSync } from 'node:fs';
import path from 'node:path';
import { answers, realmName } from './keycloak.ts';
import type { Ports } from './ports.ts';
import { postgresUrl } from './postgres.ts';
import { redisUrl } from './redis.ts';
import type { Secrets } from './secrets.ts';
import { fallbackEnvironment } from './social-realm.ts';
import type { PartPlan } from './supervisor.ts';

/** What a process of the service does. */
export type Role = 'server' | 'worker' | 'all';

/** Keycloak's clients of the local stack (contracts: access). */
export const clients = {
  bff: 'customer-bff',
  cli: 'customer-cli',
  service: 'customer-service',
  login: 'customer-login',
} as const;

/** The origin under which browsers reach the service. `localhost`, since browsers keep Secure cookies over plain HTTP only there. */
export const publicUrl = (ports: Ports): string => `http://localhost:${ports.PORT}`;

/** Keycloak as browsers and tokens name it. */
export const keycloakUrl = (ports: Ports): string => `http://localhost:${ports.KEYCLOAK_PORT}`;

/** The catcher of text messages: a gateway like Twilio, and what it was given. */
export const smsUrl = (ports: Ports): string => `http://127.0.0.1:${ports.SMS_PORT}`;

/** Our account there. */
export const smsAccount = 'AC00000000000000000000000000000000';

/** Where Keycloak delivers its events: the admin listener, on the loopback address. */
export const eventsUrl = (ports: Ports): string => `http://127.0.0.1:${ports.ADMIN_PORT}/internal/keycloak-events`;

const readerUrl = ({ POSTGRES_PORT }: Ports, secrets: Secrets): string =>
  postgresUrl(POSTGRES_PORT, 'keycloak_reader', secrets.postgresKeycloakReader, 'keycloak');

/**
 * Every variable the service needs, for this stack.
 *
 * @param ports    those of the stack; `ADMIN_PORT` differs between two processes of one stack
 */
export function serviceEnvironment(ports: Ports, secrets: Secrets, role: Role): Record<string, string> {
  return {
    NODE_ENV: 'development',
    ROLE: role,
    HOST: '127.0.0.1',
    PORT: String(ports.PORT),
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: String(ports.ADMIN_PORT),
    GRPC_PORT: String(ports.GRPC_PORT),
    PUBLIC_URL: publicUrl(ports),
    ALLOWED_ORIGINS: publicUrl(ports),
    DATABASE_URL: postgresUrl(ports.POSTGRES_PORT, 'customer', secrets.postgresCustomer, 'customer'),
    KEYS_DATABASE_URL: postgresUrl(ports.POSTGRES_PORT, 'customer_keys', secrets.postgresKeys, 'customer_keys'),
    REDIS_URL: redisUrl(ports.REDIS_PORT, secrets.redis),
    KEYCLOAK_URL: keycloakUrl(ports),
    KEYCLOAK_REALM: realmName,
    KEYCLOAK_ISSUER: `${keycloakUrl(ports)}/realms/${realmName}`,
    KEYCLOAK_EVENTS_KEY: secrets.keycloakEvents,
    KEYCLOAK_DATABASE_URL: readerUrl(ports, secrets),
    TOKEN_AUDIENCE: 'customer-api',
    TOKEN_CLIENTS: Object.values(clients).join(','),
    BFF_CLIENT_ID: clients.bff,
    BFF_CLIENT_SECRET: secrets.clientBff,
    SERVICE_CLIENT_ID: clients.service,
    SERVICE_CLIENT_SECRET: secrets.clientService,
    LOGIN_CLIENTS: `${clients.login}:${secrets.clientLogin}`,
    ROUTER_SECRETS: secrets.router,
    KEY_ENCRYPTION_KEYS: `local-1:${secrets.keyEncryption}`,
    INDEX_KEYS: `1:${secrets.index}`,
    TOKEN_KEY: secrets.token,
    SOCIAL_PROVIDERS: 'auth0:Auth0',
    ...fallbackEnvironment(ports, secrets),
    SMTP_URL: `smtp://127.0.0.1:${ports.SMTP_PORT}`,
    MAIL_FROM: 'Customer <no-reply@customer.localhost>',
    SMS_URL: smsUrl(ports),
    SMS_ACCOUNT: smsAccount,
    SMS_TOKEN: secrets.sms,
    SMS_FROM: '+15005550006',
  };
}

/** Whether this clone has a service to start. */
export const hasService = (root: string): boolean => existsSync(path.join(root, 'src', 'main.ts'));

/** Says how to run one process of the service.. */
export function planService(root: string, ports: Ports, secrets: Secrets, role: Role): PartPlan {
  const { PATH, HOME, TZ, LOG_LEVEL } = process.env;
  return {
    name: role === 'all' ? 'service' : `service-${role}`,
    command: process.execPath,
    args: [path.join(root, 'src', 'main.ts')],
    cwd: root,
    env: { PATH, HOME, TZ, LOG_LEVEL, ...serviceEnvironment(ports, secrets, role) },
    stopSignal: 'SIGTERM',
    graceSeconds: 15,
    isReady: () => answers(`http://127.0.0.1:${ports.ADMIN_PORT}/readyz`),
    readyWithinSeconds: 180,
  };
}
