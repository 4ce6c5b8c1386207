import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import type ClientRepresentation from '@keycloak/keycloak-admin-client/lib/defs/clientRepresentation.js';
import type RoleRepresentation from '@keycloak/keycloak-admin-client/lib/defs/roleRepresentation.js';
import type UserRepresentation from '@keycloak/keycloak-admin-client/lib/defs/userRepresentation.js';
import { changedKeys, compareNames, type Difference } from './difference.ts';
import type { RunningRealm } from './running.ts';
import type { WantedRealm } from './wanted.ts';

function fieldDifferences(
  keycloak: KeycloakAdminClient,
  client: ClientRepresentation,
  running: RunningRealm,
): Difference[] {
  const {
    clientId = '',
    secret,
    defaultClientScopes: _default,
    optionalClientScopes: _optional,
    protocolMappers: _mappers,
    ...fields
  } = client;
  const actual = running.clients.get(clientId) ?? {};
  const keys = [
    ...changedKeys(actual, fields),
    ...(secret && running.secrets.get(clientId) !== secret ? ['secret'] : []),
  ];
  if (!keys.length) return [];
  const settle = () =>
    keycloak.clients.update({ id: actual.id ?? '' }, { ...fields, clientId, ...(secret && { secret }) });
  return [{ says: `client ${clientId}: ${keys.join(', ')} ${keys.length > 1 ? 'differ' : 'differs'}`, settle }];
}

type Kind = 'default' | 'optional';

function assignedDifferences(
  keycloak: KeycloakAdminClient,
  kind: Kind,
  client: ClientRepresentation,
  running: RunningRealm,
): Difference[] {
  const key = kind === 'default' ? 'defaultClientScopes' : 'optionalClientScopes';
  const actual = running.clients.get(client.clientId ?? '');
  const { absent, surplus } = compareNames(actual?.[key] ?? [], client[key] ?? []);
  const query = (name: string) => ({ id: actual?.id ?? '', clientScopeId: running.clientScopes.get(name)?.id ?? '' });
  const { clients } = keycloak;
  const add = (name: string) =>
    kind === 'default' ? clients.addDefaultClientScope(query(name)) : clients.addOptionalClientScope(query(name));
  const remove = (name: string) =>
    kind === 'default' ? clients.delDefaultClientScope(query(name)) : clients.delOptionalClientScope(query(name));
  return [
    ...absent.map((name) => ({
      says: `client ${client.clientId} lacks the ${kind} scope ${name}`,
      // A scope that is made in this round is assigned in the next.
      settle: async () => running.clientScopes.has(name) && add(name),
    })),
    ...surplus.map((name) => ({
      says: `client ${client.clientId} has the ${kind} scope ${name} as well`,
      settle: () => remove(name),
    })),
  ];
}

/** All mappers are in scopes: one at a client would add claims that nobody sees in the description. */
function ownMapperDifferences(
  keycloak: KeycloakAdminClient,
  client: ClientRepresentation,
  running: RunningRealm,
): Difference[] {
  const actual = running.clients.get(client.clientId ?? '');
  return (actual?.protocolMappers ?? []).map((mapper) => ({
    says: `client ${client.clientId}: mapper ${mapper.name} does not belong there`,
    settle: () => keycloak.clients.delProtocolMapper({ id: actual?.id ?? '', mapperId: mapper.id ?? '' }),
  }));
}

function clientDifference(
  keycloak: KeycloakAdminClient,
  client: ClientRepresentation,
  running: RunningRealm,
): Difference[] {
  if (!running.clients.has(client.clientId ?? '')) {
    return [{ says: `client ${client.clientId} is missing`, settle: () => keycloak.clients.create(client) }];
  }
  return [
    ...fieldDifferences(keycloak, client, running),
    ...assignedDifferences(keycloak, 'default', client, running),
    ...assignedDifferences(keycloak, 'optional', client, running),
    ...ownMapperDifferences(keycloak, client, running),
  ];
}

type Roles = { id: string; name: string }[];

const chosen = (list: RoleRepresentation[], names: string[]): Roles =>
  list.flatMap((role) => (role.id && role.name && names.includes(role.name) ? [{ id: role.id, name: role.name }] : []));

/** Rights at one client that a service account lacks or has too many. */
function clientRoleDifferences(
  keycloak: KeycloakAdminClient,
  running: RunningRealm,
  account: { id: string; username: string; has: string[]; wants: string[] },
  client: string,
): Difference[] {
  const { id, username, has, wants } = account;
  const { absent, surplus } = compareNames(has, wants);
  const query = { id, clientUniqueId: running.clients.get(client)?.id ?? '' };
  const roles = (names: string[]): Roles => chosen(running.clientRoles[client] ?? [], names);
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
  user: UserRepresentation,
  running: RunningRealm,
): Difference[] {
  const account = running.serviceAccounts.get(user.serviceAccountClientId ?? '');
  if (!account) return [];
  const { username, clientRoles = {} } = user as { username: string; clientRoles?: Record<string, string[]> };
  const id = account.userId;
  const clients = [...new Set([...Object.keys(clientRoles), ...Object.keys(account.clientRoles)])];
  const perClient = clients.flatMap((client) => {
    const rights = { id, username, has: account.clientRoles[client] ?? [], wants: clientRoles[client] ?? [] };
    return clientRoleDifferences(keycloak, running, rights, client);
  });
  const { realmRoles } = account;
  const settle = () =>
    keycloak.users.delRealmRoleMappings({ id, roles: chosen([...running.roles.values()], realmRoles) });
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
  const unwanted = wanted.unwanted.clients.filter((name) => running.clients.has(name));
  return [
    ...wanted.clients.flatMap((client) => clientDifference(keycloak, client, running)),
    ...wanted.builtInClients.flatMap((client) => fieldDifferences(keycloak, client, running)),
    ...wanted.users.flatMap((user) => serviceRoleDifferences(keycloak, user, running)),
    ...unwanted.map((name) => ({
      says: `client ${name} must not exist here`,
      settle: () => keycloak.clients.del({ id: running.clients.get(name)?.id ?? '' }),
    })),
  ];
}
