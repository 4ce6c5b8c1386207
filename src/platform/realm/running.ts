import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import type ClientRepresentation from '@keycloak/keycloak-admin-client/lib/defs/clientRepresentation.js';
import type ClientScopeRepresentation from '@keycloak/keycloak-admin-client/lib/defs/clientScopeRepresentation.js';
import type RealmRepresentation from '@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.js';
import type RoleRepresentation from '@keycloak/keycloak-admin-client/lib/defs/roleRepresentation.js';
import type { UserProfileConfig } from '@keycloak/keycloak-admin-client/lib/defs/userProfileMetadata.js';
import type { ScopeMapping, WantedRealm } from './wanted.ts';

/** A service account as it is: its user and the roles it has, by client. */
type ServiceAccount = { userId: string; realmRoles: string[]; clientRoles: Record<string, string[]> };

/** A realm as it is. */
export type RunningRealm = {
  settings: RealmRepresentation;
  clients: Map<string, ClientRepresentation>;
  clientScopes: Map<string, ClientScopeRepresentation>;
  roles: Map<string, RoleRepresentation>;
  clientRoles: Record<string, RoleRepresentation[]>;
  clientScopeMappings: Record<string, ScopeMapping[]>;
  userProfile: UserProfileConfig;
  secrets: Map<string, string>;
  serviceAccounts: Map<string, ServiceAccount>;
};

const byName = <T>(list: readonly T[] | undefined, name: (item: T) => string | undefined) =>
  new Map((list ?? []).map((item) => [name(item) ?? '', item]));

/** A partial export masks secrets, so those of our clients are asked for one by one. */
async function readSecrets(
  keycloak: KeycloakAdminClient,
  wanted: WantedRealm,
  there: Map<string, ClientRepresentation>,
) {
  const confidential = wanted.clients.filter((client) => client.secret && there.has(client.clientId ?? ''));
  const found = await Promise.all(
    confidential.map(async ({ clientId = '' }) => {
      const { value } = await keycloak.clients.getClientSecret({ id: there.get(clientId)?.id ?? '' });
      return [clientId, value ?? ''] as const;
    }),
  );
  return new Map(found);
}

async function readServiceAccount(keycloak: KeycloakAdminClient, id: string): Promise<ServiceAccount> {
  const user = await keycloak.clients.getServiceAccountUser({ id });
  const userId = user.id ?? '';
  const roles = await keycloak.users.listRoleMappings({ id: userId });
  const names = (list?: RoleRepresentation[]) => (list ?? []).map((role) => role.name ?? '');
  const perClient = Object.entries(roles.clientMappings ?? {}) as [string, { mappings?: RoleRepresentation[] }][];
  return {
    userId,
    realmRoles: names(roles.realmMappings),
    clientRoles: Object.fromEntries(perClient.map(([client, { mappings }]) => [client, names(mappings)])),
  };
}

async function readServiceAccounts(
  keycloak: KeycloakAdminClient,
  wanted: WantedRealm,
  there: Map<string, ClientRepresentation>,
) {
  const clients = wanted.users.map((user) => user.serviceAccountClientId ?? '');
  const existing = clients.filter((name) => there.get(name)?.serviceAccountsEnabled);
  const found = await Promise.all(
    existing.map(async (name) => [name, await readServiceAccount(keycloak, there.get(name)?.id ?? '')] as const),
  );
  return new Map(found);
}

/**
 * Reads a realm in a handful of requests, whatever its number of users.
 *
 * @returns undefined when there is no such realm
 */
export async function runningRealm(
  keycloak: KeycloakAdminClient,
  wanted: WantedRealm,
): Promise<RunningRealm | undefined> {
  const { realm } = wanted;
  if (!(await keycloak.realms.findOne({ realm }))) return undefined;
  const settings = await keycloak.realms.export({ realm, exportClients: true, exportGroupsAndRoles: true });
  const clients = byName(settings.clients, (client) => client.clientId);
  const [userProfile, secrets, serviceAccounts] = await Promise.all([
    keycloak.users.getProfile(),
    readSecrets(keycloak, wanted, clients),
    readServiceAccounts(keycloak, wanted, clients),
  ]);
  return {
    settings,
    clients,
    clientScopes: byName(settings.clientScopes, (scope) => scope.name),
    roles: byName(settings.roles?.realm, (role) => role.name),
    clientRoles: settings.roles?.client ?? {},
    clientScopeMappings: (settings.clientScopeMappings ?? {}) as Record<string, ScopeMapping[]>,
    userProfile,
    secrets,
    serviceAccounts,
  };
}
