import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import type RealmRepresentation from '@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.js';
import type RoleRepresentation from '@keycloak/keycloak-admin-client/lib/defs/roleRepresentation.js';
import type { UserProfileConfig } from '@keycloak/keycloak-admin-client/lib/defs/userProfileMetadata.js';
import type { Broker } from './brokers.ts';
import { byName, type ThereClient, type ThereRole, type ThereScope } from './representations.ts';
import type { ScopeMapping, WantedRealm } from './wanted.ts';

/** A service account as it is: its user and the roles it has, by client. */
type ServiceAccount = { userId: string; realmRoles: string[]; clientRoles: Record<string, string[]> };

/** A realm as it is. */
export type RunningRealm = {
  settings: RealmRepresentation;
  clients: Map<string, ThereClient>;
  clientScopes: Map<string, ThereScope>;
  roles: Map<string, ThereRole>;
  /** By client and name; a client without roles is not in it. */
  clientRoles: Map<string, Map<string, ThereRole>>;
  clientScopeMappings: Record<string, ScopeMapping[]>;
  userProfile: UserProfileConfig;
  secrets: Map<string, string>;
  serviceAccounts: Map<string, ServiceAccount>;
  brokers: Broker[];
};

type Clients = RunningRealm['clients'];

/** A partial export masks secrets, so those of our clients are asked for one by one. */
async function readSecrets(keycloak: KeycloakAdminClient, wanted: WantedRealm, there: Clients) {
  const found = wanted.clients.map(async ({ clientId, secret }) => {
    const client = secret && there.get(clientId);
    if (!client) return [];
    const { value } = await keycloak.clients.getClientSecret({ id: client.id });
    return value ? [[clientId, value] as const] : [];
  });
  return new Map((await Promise.all(found)).flat());
}

const namesOf = (list: readonly object[] | undefined): string[] => [...byName<ThereRole>(list, 'name').keys()];

async function readServiceAccount(keycloak: KeycloakAdminClient, id: string): Promise<ServiceAccount> {
  const user = await keycloak.clients.getServiceAccountUser({ id });
  const userId = String(user.id);
  const roles = await keycloak.users.listRoleMappings({ id: userId });
  const perClient = Object.entries({ ...roles.clientMappings }) as [string, { mappings?: RoleRepresentation[] }][];
  return {
    userId,
    realmRoles: namesOf(roles.realmMappings),
    clientRoles: Object.fromEntries(perClient.map(([client, { mappings }]) => [client, namesOf(mappings)])),
  };
}

async function readServiceAccounts(keycloak: KeycloakAdminClient, wanted: WantedRealm, there: Clients) {
  const found = wanted.users.map(async ({ serviceAccountClientId: name }) => {
    const client = there.get(name);
    return client?.serviceAccountsEnabled ? [[name, await readServiceAccount(keycloak, client.id)] as const] : [];
  });
  return new Map((await Promise.all(found)).flat());
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
  const clients = byName<ThereClient>(settings.clients, 'clientId', { protocolMappers: [] });
  const ofClients = Object.entries({ ...settings.roles?.client });
  const [userProfile, secrets, serviceAccounts, brokers] = await Promise.all([
    keycloak.users.getProfile(),
    readSecrets(keycloak, wanted, clients),
    readServiceAccounts(keycloak, wanted, clients),
    keycloak.identityProviders.find(),
  ]);
  return {
    settings,
    clients,
    clientScopes: byName<ThereScope>(settings.clientScopes, 'name', { protocolMappers: [] }),
    roles: byName<ThereRole>(settings.roles?.realm, 'name'),
    clientRoles: new Map(ofClients.map(([client, list]) => [client, byName<ThereRole>(list, 'name')])),
    clientScopeMappings: { ...settings.clientScopeMappings },
    userProfile,
    secrets,
    serviceAccounts,
    brokers: brokers as Broker[],
  };
}
