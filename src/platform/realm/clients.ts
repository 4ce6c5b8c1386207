import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import { changedKeys, compareNames, type Difference } from './difference.ts';
import type { Client, ThereClient } from './representations.ts';
import type { RunningRealm } from './running.ts';
import type { WantedRealm } from './wanted.ts';

function fieldDifferences(
  keycloak: KeycloakAdminClient,
  client: Client,
  actual: ThereClient,
  running: RunningRealm,
): Difference[] {
  const {
    clientId,
    secret,
    defaultClientScopes: _default,
    optionalClientScopes: _optional,
    protocolMappers: _mappers,
    ...fields
  } = client;
  const keys = [
    ...changedKeys(actual, fields),
    ...(secret && running.secrets.get(clientId) !== secret ? ['secret'] : []),
  ];
  if (!keys.length) return [];
  const settle = () => keycloak.clients.update({ id: actual.id }, { ...fields, clientId, ...(secret && { secret }) });
  return [{ says: `client ${clientId}: ${keys.join(', ')} ${keys.length > 1 ? 'differ' : 'differs'}`, settle }];
}

type Kind = 'default' | 'optional';

function assignedDifferences(
  { clients }: KeycloakAdminClient,
  kind: Kind,
  client: Client,
  actual: ThereClient,
  running: RunningRealm,
): Difference[] {
  const key = `${kind}ClientScopes` as const;
  const { absent, surplus } = compareNames(actual[key] ?? [], client[key] ?? []);
  const calls = {
    default: { add: clients.addDefaultClientScope, remove: clients.delDefaultClientScope },
    optional: { add: clients.addOptionalClientScope, remove: clients.delOptionalClientScope },
  }[kind];
  // A scope that is made in this round is assigned in the next.
  const withScope = (name: string, call: typeof calls.add) => async () => {
    const scope = running.clientScopes.get(name);
    return scope && call({ id: actual.id, clientScopeId: scope.id });
  };
  return [
    ...absent.map((name) => ({
      says: `client ${client.clientId} lacks the ${kind} scope ${name}`,
      settle: withScope(name, calls.add),
    })),
    ...surplus.map((name) => ({
      says: `client ${client.clientId} has the ${kind} scope ${name} as well`,
      settle: withScope(name, calls.remove),
    })),
  ];
}

/** All mappers are in scopes: one at a client would add claims that nobody sees in the description. */
function ownMapperDifferences({ clients }: KeycloakAdminClient, { id, clientId, protocolMappers }: ThereClient) {
  return protocolMappers.map((mapper) => ({
    says: `client ${clientId}: mapper ${mapper.name} does not belong there`,
    settle: () => clients.delProtocolMapper({ id, mapperId: mapper.id }),
  }));
}

function clientDifference(keycloak: KeycloakAdminClient, client: Client, running: RunningRealm): Difference[] {
  const actual = running.clients.get(client.clientId);
  if (!actual) {
    return [{ says: `client ${client.clientId} is missing`, settle: () => keycloak.clients.create(client) }];
  }
  return [
    ...fieldDifferences(keycloak, client, actual, running),
    ...assignedDifferences(keycloak, 'default', client, actual, running),
    ...assignedDifferences(keycloak, 'optional', client, actual, running),
    ...ownMapperDifferences(keycloak, actual),
  ];
}

/** Rights at one client that a service account lacks or has too many. */
function clientRoleDifferences(
  keycloak: KeycloakAdminClient,
  running: RunningRealm,
  account: { id: string; username: string; has: string[]; wants: string[] },
  client: string,
): Difference[] {
  const { id, username, has, wants } = account;
  const { absent, surplus } = compareNames(has, wants);
  const of = running.clients.get(client);
  if (!of) return [];
  const query = { id, clientUniqueId: of.id };
  const roles = (names: string[]) => names.flatMap((name) => running.clientRoles.get(client)?.get(name) ?? []);
  const lacks = {
    says: `${username} lacks ${absent.join(', ')} of ${client}`,
    settle: () => keycloak.users.addClientRoleMappings({ ...query, roles: roles(absent) }),
  };
  const exceeds = {
    says: `${username} has ${surplus.join(', ')} of ${client} as well`,
    settle: () => keycloak.users.delClientRoleMappings({ ...query, roles: roles(surplus) }),
  };
  return [...(absent.length ? [lacks] : []), ...(surplus.length ? [exceeds] : [])];
}

function serviceRoleDifferences(
  keycloak: KeycloakAdminClient,
  user: WantedRealm['users'][number],
  running: RunningRealm,
): Difference[] {
  const account = running.serviceAccounts.get(user.serviceAccountClientId);
  if (!account) return [];
  const { username, clientRoles = {} } = user as { username: string; clientRoles?: Record<string, string[]> };
  const id = account.userId;
  const clients = [...new Set([...Object.keys(clientRoles), ...Object.keys(account.clientRoles)])];
  const perClient = clients.flatMap((client) => {
    const rights = { id, username, has: account.clientRoles[client] ?? [], wants: clientRoles[client] ?? [] };
    return clientRoleDifferences(keycloak, running, rights, client);
  });
  const { realmRoles } = account;
  const surplus = realmRoles.flatMap((name) => running.roles.get(name) ?? []);
  const settle = () => keycloak.users.delRealmRoleMappings({ id, roles: surplus });
  return [
    ...perClient,
    ...(realmRoles.length ? [{ says: `${username} has ${realmRoles.join(', ')} as well`, settle }] : []),
  ];
}

/** Our clients, what we change at Keycloak's own, and the rights of service accounts. Other clients are left alone. */
export function clientDifferences(
  keycloak: KeycloakAdminClient,
  wanted: WantedRealm,
  running: RunningRealm,
): Difference[] {
  const unwanted = wanted.unwanted.clients.flatMap((name) => running.clients.get(name) ?? []);
  const builtIn = wanted.builtInClients.flatMap((client) => {
    const actual = running.clients.get(client.clientId);
    return actual ? fieldDifferences(keycloak, client, actual, running) : [];
  });
  return [
    ...wanted.clients.flatMap((client) => clientDifference(keycloak, client, running)),
    ...builtIn,
    ...wanted.users.flatMap((user) => serviceRoleDifferences(keycloak, user, running)),
    ...unwanted.map(({ clientId, id }) => ({
      says: `client ${clientId} must not exist here`,
      settle: () => keycloak.clients.del({ id }),
    })),
  ];
}
