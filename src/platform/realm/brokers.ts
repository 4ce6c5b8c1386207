import { createHash } from 'node:crypto';
import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import type IdentityProviderRepresentation from '@keycloak/keycloak-admin-client/lib/defs/identityProviderRepresentation.js';
import { changedKeys, type Difference } from './difference.ts';

/** A provider at which people sign in instead of giving a password here, as it is described. */
export type Broker = IdentityProviderRepresentation & { alias: string; config: Record<string, string> };

/** Those that are wanted, and those for which the environment holds no keys. */
export interface WantedBrokers {
  readonly brokers: Broker[];
  readonly keyless: string[];
}

type Values = Readonly<Record<string, string | undefined>>;

/** At an issuer that Auth0 runs; another issuer's are given. */
function withAddresses(values: Values): Values {
  const issuer = values['AUTH0_ISSUER'];
  if (!issuer) return values;
  const at = (path: string): string => `${issuer.replace(/\/$/, '')}/${path}`;
  return {
    AUTH0_AUTHORIZATION_URL: at('authorize'),
    AUTH0_TOKEN_URL: at('oauth/token'),
    AUTH0_USERINFO_URL: at('userinfo'),
    AUTH0_KEYS_URL: at('.well-known/jwks.json'),
    ...values,
  };
}

/** Keycloak never shows a stored secret again; its fingerprint beside it tells whether it is the one we want. */
function withFingerprint(broker: Broker, realm: string): Broker {
  const text = `${realm}:${broker.alias}:${broker.config['clientSecret']}`;
  const secretFingerprint = createHash('sha256').update(text).digest('base64url').slice(0, 16);
  return { ...broker, config: { ...broker.config, secretFingerprint } };
}

/**
 * The brokers whose keys are given. One without any is left out; secrets have no default.
 *
 * @throws Error that names what is missing of one that has some
 */
export function wantedBrokers(described: readonly Broker[], given: Values, realm: string): WantedBrokers {
  const values = withAddresses(given);
  const brokers: Broker[] = [];
  const keyless: string[] = [];
  const missing: string[] = [];
  for (const broker of described) {
    const text = JSON.stringify(broker);
    const names = [...new Set([...text.matchAll(/\$\{([A-Z][A-Z0-9_]*)\}/g)].map(([, name = '']) => name))];
    const absent = names.filter((name) => !values[name]);
    if (absent.length === names.length) keyless.push(broker.alias);
    else if (absent.length) missing.push(...absent);
    else {
      const filled = text.replaceAll(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_all, name: string) =>
        JSON.stringify(values[name]).slice(1, -1),
      );
      brokers.push(withFingerprint(JSON.parse(filled) as Broker, realm));
    }
  }
  if (missing.length) throw new Error(`The realm needs values for ${missing.toSorted().join(', ')}.`);
  return { brokers, keyless };
}

function brokerDifference(keycloak: KeycloakAdminClient, broker: Broker, there: Broker | undefined): Difference[] {
  const { alias } = broker;
  if (!there) {
    return [{ says: `broker ${alias} is missing`, settle: () => keycloak.identityProviders.create(broker) }];
  }
  const { clientSecret: _secret, ...config } = broker.config;
  const keys = changedKeys(there, { ...broker, config });
  if (!keys.length) return [];
  const settle = () => keycloak.identityProviders.update({ alias }, { ...there, ...broker });
  return [{ says: `broker ${alias}: ${keys.join(', ')} ${keys.length > 1 ? 'differ' : 'differs'}`, settle }];
}

/** Brokers that are described. One whose keys are gone is switched off, never removed: its links with customers would go with it. */
export function brokerDifferences(
  keycloak: KeycloakAdminClient,
  { brokers, keyless }: WantedBrokers,
  running: readonly Broker[],
): Difference[] {
  const there = new Map(running.map((broker) => [broker.alias, broker]));
  return [
    ...brokers.flatMap((broker) => brokerDifference(keycloak, broker, there.get(broker.alias))),
    ...keyless.flatMap((alias) => {
      const found = there.get(alias);
      if (!found?.enabled) return [];
      const settle = () => keycloak.identityProviders.update({ alias }, { ...found, enabled: false });
      return [{ says: `broker ${alias} is on without its keys`, settle }];
    }),
  ];
}
