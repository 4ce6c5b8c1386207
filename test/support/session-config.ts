import { type Config, readConfig } from '../../src/platform/config.ts';
import type { TestDatabases } from './database.ts';
import type { OidcDouble } from './oidc-double.ts';

/** What a replica runs with whose provider is a double. */
export function configFor(provider: OidcDouble, databases: TestDatabases, fallback?: OidcDouble): Config {
  const key = Buffer.alloc(32, 3).toString('base64');
  const secret = 'a-secret-that-is-only-for-this-test-run';
  const second = {
    IDENTITY_FALLBACK_ISSUER: fallback?.issuer,
    IDENTITY_FALLBACK_AUDIENCE: 'customer-api',
    IDENTITY_FALLBACK_CLIENT_ID: fallback?.clientId,
    IDENTITY_FALLBACK_CLIENT_SECRET: fallback?.clientSecret,
  };
  return readConfig({
    ...(fallback ? second : {}),
    PUBLIC_URL: 'http://localhost:4000',
    ALLOWED_ORIGINS: 'http://localhost:4000',
    REDIS_URL: 'redis://localhost:1',
    DATABASE_URL: databases.url,
    KEYS_DATABASE_URL: databases.keysUrl,
    KEYCLOAK_URL: provider.url,
    KEYCLOAK_ISSUER: provider.issuer,
    KEYCLOAK_EVENTS_KEY: secret,
    TOKEN_AUDIENCE: 'customer-api',
    TOKEN_CLIENTS: provider.clientId,
    ROUTER_SECRETS: secret,
    BFF_CLIENT_ID: provider.clientId,
    BFF_CLIENT_SECRET: provider.clientSecret,
    SERVICE_CLIENT_ID: 'customer-service',
    SERVICE_CLIENT_SECRET: secret,
    KEY_ENCRYPTION_KEYS: `kek-1:${key}`,
    INDEX_KEYS: `1:${key}`,
    TOKEN_KEY: key,
    SMTP_URL: 'smtp://localhost:1',
    MAIL_FROM: 'test@localhost.example',
    SESSION_MAX_SECONDS: '7200',
    REGISTRATION_TIME_MS: '0',
  });
}
