import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configTable, environmentExample } from '../../src/commands/generate.ts';
import { ConfigError, readConfig, variables } from '../../src/platform/config.ts';

const root = resolve(import.meta.dirname, '../..');
const key = (): string => randomBytes(32).toString('base64');
const secret = (): string => randomBytes(32).toString('base64url');
const whole = {
  PUBLIC_URL: 'https://shop.example/path',
  ALLOWED_ORIGINS: 'https://shop.example, https://other.example',
  DATABASE_URL: 'postgres://localhost/customer',
  KEYS_DATABASE_URL: 'postgres://localhost/keys',
  REDIS_URL: 'redis://localhost',
  KEYCLOAK_URL: 'http://localhost:8080/',
  KEYCLOAK_ISSUER: 'http://localhost:8080/realms/customer',
  KEYCLOAK_EVENTS_KEY: secret(),
  TOKEN_AUDIENCE: 'customer-api',
  TOKEN_CLIENTS: 'customer-bff',
  BFF_CLIENT_ID: 'customer-bff',
  BFF_CLIENT_SECRET: secret(),
  SERVICE_CLIENT_ID: 'customer-service',
  SERVICE_CLIENT_SECRET: secret(),
  ROUTER_SECRETS: `${secret()},${secret()}`,
  KEY_ENCRYPTION_KEYS: `a:${key()},b:${key()}`,
  INDEX_KEYS: `1:${key()}`,
  TOKEN_KEY: key(),
  SMTP_URL: 'smtp://localhost',
  MAIL_FROM: 'shop@example.org',
};

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems : ['not a ConfigError'];
  }
}

describe('configuration (design §9)', () => {
  test('a whole one is read, nested and frozen', () => {
    const config = readConfig(whole);

    expect(config.server).toMatchObject({ publicUrl: 'https://shop.example', introspection: false });
    expect(config.server.allowedOrigins).toEqual(['https://shop.example', 'https://other.example']);
    expect([...config.keys.encryption.keys()]).toEqual(['a', 'b']);
    expect(config.keycloak.url).toBe('http://localhost:8080');
    expect(Object.isFrozen(config.keycloak.bff)).toBe(true);
  });

  test('a second issuer comes whole, and is not Keycloak', () => {
    const second = {
      IDENTITY_FALLBACK_ISSUER: 'https://shop.eu.auth0.com/',
      IDENTITY_FALLBACK_AUDIENCE: 'customer-api',
      IDENTITY_FALLBACK_CLIENT_ID: 'shop',
      IDENTITY_FALLBACK_CLIENT_SECRET: secret(),
    };

    const keysUrl = 'https://shop.eu.auth0.com/.well-known/jwks.json';
    expect(readConfig({ ...whole, ...second }).fallback).toMatchObject({ keysUrl, broker: 'auth0' });
    expect(readConfig(whole).fallback).toBeUndefined();
    for (const name of Object.keys(second)) expect(problemsOf({ ...whole, ...second, [name]: '' })).toHaveLength(1);
    const same = { ...second, IDENTITY_FALLBACK_ISSUER: whole.KEYCLOAK_ISSUER };
    expect(problemsOf({ ...whole, ...same })).toEqual([expect.stringContaining('must be another')]);
  });

  test('an empty environment is told everything that is missing at once', () => {
    const missing = Object.keys(whole).filter((name) =>
      problemsOf({}).some((problem) => problem.startsWith(`${name} `)),
    );

    expect(missing).toEqual(Object.keys(whole));
    expect(new ConfigError(problemsOf({})).message.split('\n')).toHaveLength(Object.keys(whole).length + 1);
  });

  test.each([
    ['KEYCLOAK_EVENTS_KEY', 'short'],
    ['ROUTER_SECRETS', `${secret()},${secret()},${secret()}`],
    ['TOKEN_KEY', 'AAAA'],
    ['INDEX_KEYS', 'nonsense'],
    ['DATABASE_URL', 'nowhere'],
    ['ALLOWED_ORIGINS', 'https://shop.example, null'],
    ['ALLOWED_ORIGINS', 'file:///shop'],
    ['PUBLIC_URL', 'nowhere'],
    ['PORT', '70000'],
    ['ROLE', 'boss'],
    ['INTROSPECTION', 'maybe'],
    ['TRUSTED_PROXIES', '10.0.0.0/8, proxy.example'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '0x0a000001'],
    ['TRUSTED_PROXIES', '10'],
    ['SMS_COUNTRIES', 'Germany'],
    ['SMS_BREAKER_PERCENT', '101'],
  ])('%s that cannot be is named, without its value', (name, value) => {
    const problems = problemsOf({ ...whole, [name]: value });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(name);
    expect(problems[0]).not.toContain(value);
  });

  test('proxies are addresses and networks of both kinds', () => {
    const proxies = '10.0.0.0/8, 192.0.2.1,2001:db8::/32, ::1';

    expect(readConfig({ ...whole, TRUSTED_PROXIES: proxies }).server.trustedProxies).toHaveLength(4);
    expect(readConfig(whole).server.trustedProxies).toEqual([]);
  });

  test('text messages have a whole gateway or none', () => {
    const gateway = {
      SMS_URL: 'https://api.twilio.com',
      SMS_ACCOUNT: 'AC1',
      SMS_TOKEN: secret(),
      SMS_FROM: '+15005550006',
    };
    const { SMS_TOKEN: _token, ...half } = gateway;

    expect(readConfig(whole).sms.gateway).toBeUndefined();
    expect(readConfig({ ...whole, ...gateway }).sms.gateway).toMatchObject({ account: 'AC1' });
    expect(problemsOf({ ...whole, ...half })).toEqual([expect.stringMatching(/^SMS_TOKEN is missing: its secret$/)]);
    expect([...readConfig({ ...whole, SMS_COUNTRIES: 'DE:9, AT:8.5' }).sms.prices]).toEqual([
      ['DE', 9],
      ['AT', 8.5],
    ]);
  });

  test('secrets and addresses have no default', () => {
    const secrets = Object.keys(whole).filter(
      (name) => variables.shape[name as keyof typeof whole].safeParse(undefined).success,
    );

    expect(secrets).toEqual([]);
  });

  test('the README and the example are those of the code', () => {
    expect(readFileSync(resolve(root, 'README.md'), 'utf8')).toContain(configTable());
    expect(readFileSync(resolve(root, '.env.example'), 'utf8')).toBe(environmentExample());
  });
});
