import { rmSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { realmName } from './keycloak.ts';
import type { Ports } from './ports.ts';
import { postgresUrl } from './postgres.ts';
import { redisUrl } from './redis.ts';
import type { Secrets } from './secrets.ts';
import { clients, keycloakUrl, publicUrl, smsUrl } from './service.ts';

/** Keycloak's administrator in the realm `master` of a local stack. */
export const adminUser = 'admin';

/** Where everything is: what `endpoints.json` holds while a stack is ready. */
export interface Endpoints {
  graphql: string;
  ws: string;
  rest: string;
  admin: string;
  metrics: string;
  health: string;
  keycloak: { url: string; realm: string; adminUser: string; adminPassword: string };
  mail: { smtp: string; api: string };
  sms: { api: string };
  postgres: { url: string; keysUrl: string };
  redis: { url: string };
  router: { secret: string };
  clients: Record<keyof typeof clients, { id: string; secret?: string }>;
}

/** The addresses that follow from a stack's ports and secrets. */
export function endpointsOf(ports: Ports, secrets: Secrets): Endpoints {
  const origin = publicUrl(ports);
  const admin = `http://127.0.0.1:${ports.ADMIN_PORT}`;
  return {
    graphql: `${origin}/graphql`,
    ws: `${origin.replace('http', 'ws')}/graphql`,
    rest: origin,
    admin,
    metrics: `${admin}/metrics`,
    health: `${admin}/readyz`,
    keycloak: { url: keycloakUrl(ports), realm: realmName, adminUser, adminPassword: secrets.keycloakAdmin },
    mail: { smtp: `smtp://127.0.0.1:${ports.SMTP_PORT}`, api: `http://127.0.0.1:${ports.MAIL_PORT}` },
    sms: { api: smsUrl(ports) },
    postgres: {
      url: postgresUrl(ports.POSTGRES_PORT, 'customer', secrets.postgresCustomer, 'customer'),
      keysUrl: postgresUrl(ports.POSTGRES_PORT, 'customer_keys', secrets.postgresKeys, 'customer_keys'),
    },
    redis: { url: redisUrl(ports.REDIS_PORT, secrets.redis) },
    router: { secret: secrets.router },
    clients: {
      bff: { id: clients.bff, secret: secrets.clientBff },
      cli: { id: clients.cli },
      service: { id: clients.service, secret: secrets.clientService },
      login: { id: clients.login, secret: secrets.clientLogin },
    },
  };
}

const names = ['environment.json', 'endpoints.json'] as const;

function writeWhole(file: string, content: object): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * Says to other programs that the stack is ready.
 *
 * @param environment  what the commands of package.json use where nothing else is set (`boot.mjs`)
 */
export function writeEndpoints(stateDir: string, endpoints: Endpoints, environment: Record<string, string>): void {
  const contents = { 'environment.json': environment, 'endpoints.json': endpoints };
  for (const name of names) writeWhole(path.join(stateDir, name), contents[name]);
}

/** Says that it is not, or not any more. */
export function removeEndpoints(stateDir: string): void {
  for (const name of names) rmSync(path.join(stateDir, name), { force: true });
}
