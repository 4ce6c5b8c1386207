import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv, type AnySchemaObject } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { endpointsOf } from '../../local/endpoints.ts';
import { buildOptions, denyListName, jarName, keycloakVersion } from '../../local/keycloak-build.ts';
import { anyPorts, defaultPorts, type PortName } from '../../local/ports.ts';
import { databases, postgresVersion, quietSettings } from '../../local/postgres.ts';
import { valkeyVersion } from '../../local/redis.ts';
import { realmEnvironment } from '../../local/realm.ts';
import { loadSecrets } from '../../local/secrets.ts';
import { clients, serviceEnvironment } from '../../local/service.ts';

/** The part of a service that is compared. */
interface Service {
  image: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
}

const text = readFileSync('docker-compose.yml', 'utf8');
const file = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  configs: Record<string, { content: string }>;
};
const { services } = file;

function secretsOfALocalStack(): ReturnType<typeof loadSecrets> {
  const folder = mkdtempSync(path.join(tmpdir(), 'customer-secrets-'));
  try {
    return loadSecrets(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const secrets = secretsOfALocalStack();

/** Only `npm start` plays a provider of its own; here one comes with its keys. */
const withoutProvider = (names: readonly string[]): string[] =>
  names.filter((name) => !/^(AUTH0_|IDENTITY_FALLBACK_|SOCIAL_PROVIDERS$)/.test(name)).toSorted();

describe('docker-compose.yml', () => {
  test('is a Compose file', () => {
    // The Compose Specification's own schema (Apache-2.0), as the package dclint (MIT) ships it.
    const schema = JSON.parse(
      readFileSync('node_modules/dclint/schemas/compose.schema.json', 'utf8'),
    ) as AnySchemaObject;
    delete schema['$schema'];
    const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
    const isValid = validate(file);

    expect({ isValid, errors: validate.errors }).toEqual({ isValid: true, errors: null });
  });

  test('runs the versions of the local stack', () => {
    expect(services['postgres']?.image).toBe(`postgres:${postgresVersion}`);
    expect(services['redis']?.image).toBe(`valkey/valkey:${valkeyVersion}`);
    expect(services['keycloak']?.image).toBe(`quay.io/keycloak/keycloak:${keycloakVersion}`);
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(text).toContain(`FROM node:${dependencies['node']?.split('.')[0]}\n`);
    for (const image of Object.values(services).map((service) => service.image)) {
      expect(image).toMatch(/^customer$|:\d/);
    }
  });

  test('publishes the ports of the local stack, on the loopback address only', () => {
    const published = Object.values(services).flatMap((service) => service.ports ?? []);
    const found = published.map((port) => /^127\.0\.0\.1:\$\{([A-Z_]+):-(\d+)\}:\d+$/.exec(port)?.slice(1) ?? [port]);

    const names = [
      'POSTGRES_PORT',
      'REDIS_PORT',
      'MAIL_PORT',
      'SMTP_PORT',
      'SMS_PORT',
      'KEYCLOAK_PORT',
      'PORT',
      'ADMIN_PORT',
      'GRPC_PORT',
    ] as const;
    expect(found).toEqual(names.map((name) => [name, String(defaultPorts[name])]));
    for (const [, name, port] of text.matchAll(/\$\{([A-Z_]*PORT):-(\d+)\}/g)) {
      expect(Number(port)).toBe(defaultPorts[name as PortName]);
    }
  });

  test('gives the service the variables of the local stack, with the same values where they do not name a machine or a secret', () => {
    const local = serviceEnvironment(defaultPorts, secrets, 'server');
    const composed = services['server']?.environment ?? {};
    const resolved = Object.fromEntries(
      Object.entries(composed).map(([name, value]) => [name, value.replace(/\$\{[A-Z_]+:-(\d+)\}/g, '$1')]),
    );

    expect(Object.keys(composed).sort()).toEqual(withoutProvider(Object.keys(local)));
    const same = [
      'NODE_ENV',
      'ROLE',
      'PORT',
      'ADMIN_PORT',
      'GRPC_PORT',
      'PUBLIC_URL',
      'ALLOWED_ORIGINS',
      'KEYCLOAK_REALM',
      'KEYCLOAK_ISSUER',
      'TOKEN_AUDIENCE',
      'TOKEN_CLIENTS',
      'BFF_CLIENT_ID',
      'SERVICE_CLIENT_ID',
      'MAIL_FROM',
      'SMS_ACCOUNT',
      'SMS_FROM',
    ];
    const chosen = (env: Record<string, string>): unknown => same.map((name) => [name, env[name]]);
    expect(chosen(resolved)).toEqual(chosen(local));
    for (const role of ['worker', 'migrate']) {
      expect(Object.keys(services[role]?.environment ?? {}).sort()).toEqual(Object.keys(composed).sort());
    }
  });

  test('applies the realm with the variables of the local stack', () => {
    const composed = Object.keys(services['realm']?.environment ?? {});

    expect(composed.sort()).toEqual(withoutProvider(Object.keys(realmEnvironment(anyPorts, secrets))));
    expect(services['realm']?.environment?.['KEYCLOAK_ADMIN_USER']).toBe(
      endpointsOf(anyPorts, secrets).keycloak.adminUser,
    );
  });

  test('holds no secret: each must be given', () => {
    const isSecret = /PASSWORD|SECRET|SMS_TOKEN|_KEY$|_KEYS$|ENCRYPTION/;
    const values = Object.values(services).flatMap((service) => Object.entries(service.environment ?? {}));
    const open = values.filter(([name, value]) => isSecret.test(name) && !/\$\{[A-Z_]+:\?/.test(value));
    expect(open).toEqual([]);
    for (const [, address] of text.matchAll(/\w+:\/\/[^/\s]*:([^/\s@]*)@/g)) expect(address).toMatch(/^\$\{[A-Z_]+:\?/);
  });

  test('makes the databases, roles and quiet logs of the local stack', () => {
    const sql = file.configs['databases']?.content ?? '';
    for (const [database, role] of Object.entries(databases)) {
      expect(sql).toContain(`CREATE ROLE ${role} LOGIN PASSWORD`);
      expect(sql).toContain(`CREATE DATABASE ${database} OWNER ${role};`);
      expect(sql).toContain(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC;`);
    }
    for (const [name, value] of Object.entries(quietSettings)) {
      expect(services['postgres']?.command).toContain(`${name}=${value}`);
    }
  });

  test('builds Keycloak as the local stack does, with our jar and the deny list', () => {
    const { command, volumes } = services['keycloak'] ?? {};

    for (const option of buildOptions) expect(command).toContain(option);
    expect(volumes).toEqual([
      `./keycloak/target/${jarName}:/opt/keycloak/providers/${jarName}:ro`,
      `./keycloak/target/${denyListName}:/opt/keycloak/data/password-blacklists/${denyListName}:ro`,
    ]);
    expect(Object.values(clients).join(',')).toBe(services['server']?.environment?.['TOKEN_CLIENTS']);
  });
});
