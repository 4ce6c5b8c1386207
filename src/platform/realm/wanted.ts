import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type RealmRepresentation from '@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.js';
import type UserRepresentation from '@keycloak/keycloak-admin-client/lib/defs/userRepresentation.js';
import type { UserProfileConfig } from '@keycloak/keycloak-admin-client/lib/defs/userProfileMetadata.js';
import { type Broker, wantedBrokers, type WantedBrokers } from './brokers.ts';
import type { Client, Role, Scope } from './representations.ts';

/** One entry of `clientScopeMappings`: which roles of a client a client or a client scope may bring into a token. */
export type ScopeMapping = { client?: string; clientScope?: string; roles: string[] };

/** A realm as `keycloak/realm/` describes it: what Keycloak imports, and besides what it makes itself and we change. */
export type WantedRealm = Omit<
  RealmRepresentation,
  'clientScopeMappings' | 'clients' | 'clientScopes' | 'roles' | 'users'
> & {
  realm: string;
  clients: Client[];
  clientScopes: Scope[];
  clientScopeMappings: Record<string, ScopeMapping[]>;
  roles: { realm: Role[]; client: Record<string, Role[]> };
  /** Accounts of clients, and their rights. */
  users: (UserRepresentation & { serviceAccountClientId: string; username: string })[];
  userProfile: UserProfileConfig;
  /** Fields that we change at clients that every realm has. */
  builtInClients: Client[];
  /** Clients and scopes of overlays that were not asked for, and must not exist. */
  unwanted: { clients: string[]; clientScopes: string[] };
  /** Where people may sign in instead of giving a password here. */
  social: WantedBrokers;
};

/** Where the descriptions are: one file for production, and overlays that only a local stack adds. */
type RealmFiles = { realm: URL; brokers: URL; overlays: Record<string, URL> };

type Values = Readonly<Record<string, string | undefined>>;
type Overlay = Pick<WantedRealm, 'clients' | 'clientScopes' | 'smtpServer'>;

const read = <T>(file: URL): T => JSON.parse(readFileSync(file, 'utf8')) as T;

/** Puts values where `${NAME}` stands. Keycloak's own placeholders are in lower case and stay. */
function fill<T>(description: T, values: Values, missing: Set<string>): T {
  const text = JSON.stringify(description).replaceAll(/\$\{([A-Z][A-Z_]*)\}/g, (_all, name: string) => {
    if (!values[name]) missing.add(name);
    return JSON.stringify(values[name] ?? '').slice(1, -1);
  });
  return JSON.parse(text) as T;
}

function overlaid(base: WantedRealm, overlay: Overlay): WantedRealm {
  return {
    ...base,
    ...overlay,
    smtpServer: { ...base.smtpServer, ...overlay.smtpServer },
    clients: [...base.clients, ...overlay.clients],
    clientScopes: [...base.clientScopes, ...overlay.clientScopes],
  };
}

/** Every permission is a client scope too, granted with the role, so that a token's `scope` says what its roles say. */
function withPermissionScopes(realm: WantedRealm, api: string, carrier: string): WantedRealm {
  const permissions = (realm.roles.client[api] ?? []).map(({ name }) => name);
  const scopes = permissions.map((name) => ({
    name,
    protocol: 'openid-connect',
    attributes: { 'include.in.token.scope': 'true', 'display.on.consent.screen': 'false' },
    protocolMappers: [],
  }));
  const granted = permissions.map((name) => ({ clientScope: name, roles: [name] }));
  const clients = realm.clients.map((client) =>
    client.defaultClientScopes?.includes(carrier)
      ? { ...client, defaultClientScopes: [...client.defaultClientScopes, ...permissions] }
      : client,
  );
  return {
    ...realm,
    clients,
    clientScopes: [...realm.clientScopes, ...scopes],
    clientScopeMappings: { ...realm.clientScopeMappings, [api]: granted },
  };
}

/** Keycloak never shows a stored password again; its fingerprint beside it tells whether it is the one we want. */
function withMailAccount(realm: WantedRealm, values: Values): WantedRealm {
  const { SMTP_USER: user, SMTP_PASSWORD: password, SMTP_PORT: port } = values;
  const implicit = port === '465' ? { ssl: 'true', starttls: 'false' } : {};
  const fingerprint = createHash('sha256').update(`${realm.realm}:${password}`).digest('base64url').slice(0, 16);
  const account = user && password ? { auth: 'true', user, password, passwordFingerprint: fingerprint } : {};
  return { ...realm, smtpServer: { ...realm.smtpServer, ...implicit, ...account } };
}

const names = (overlay: Overlay) => ({
  clients: overlay.clients.map(({ clientId }) => clientId),
  clientScopes: overlay.clientScopes.map(({ name }) => name),
});

/**
 * The realm as it should be.
 *
 * @param values   what replaces `${NAME}`; SMTP_USER and SMTP_PASSWORD may be absent
 * @param overlay  an overlay's name, or none for production
 * @throws Error that names every value that is missing
 */
export function wantedRealm(files: RealmFiles, values: Values, overlay?: string): WantedRealm {
  const overlays = Object.entries(files.overlays).map(([name, file]) => ({ name, content: read<Overlay>(file) }));
  const chosen = overlays.find(({ name }) => name === overlay)?.content;
  if (overlay && !chosen) throw new Error(`There is no realm overlay named ${overlay}.`);
  const rest = overlays.filter(({ name }) => name !== overlay).map(({ content }) => names(content));
  const unwanted = {
    clients: rest.flatMap((each) => each.clients),
    clientScopes: rest.flatMap((each) => each.clientScopes),
  };
  const missing = new Set<string>();
  const base = { ...read<WantedRealm>(files.realm), unwanted };
  const social = wantedBrokers(read<Broker[]>(files.brokers), values, values['KEYCLOAK_REALM'] ?? '');
  const filled = fill(chosen ? overlaid(base, chosen) : base, values, missing);
  if (missing.size) throw new Error(`The realm needs values for ${[...missing].toSorted().join(', ')}.`);
  return withMailAccount(withPermissionScopes({ ...filled, social }, 'customer-api', 'customer-token'), values);
}

/** The same realm in the form that Keycloak imports or makes anew. What Keycloak makes by itself is left to `apply`. */
export function importable(wanted: WantedRealm): RealmRepresentation {
  const { userProfile, builtInClients: _builtIn, unwanted: _unwanted, social, ...realm } = wanted;
  return {
    ...realm,
    identityProviders: [...social.brokers],
    components: {
      'org.keycloak.userprofile.UserProfileProvider': [
        {
          providerId: 'declarative-user-profile',
          config: { 'kc.user.profile.config': [JSON.stringify(userProfile)] },
        },
      ],
    },
  } as RealmRepresentation;
}
