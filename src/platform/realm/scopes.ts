import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import type ClientScopeRepresentation from '@keycloak/keycloak-admin-client/lib/defs/clientScopeRepresentation.js';
import { compareNames, holds, type Difference } from './difference.ts';
import type { RunningRealm } from './running.ts';
import type { ScopeMapping, WantedRealm } from './wanted.ts';

function mapperDifferences(
  keycloak: KeycloakAdminClient,
  scope: ClientScopeRepresentation,
  actual: ClientScopeRepresentation,
): Difference[] {
  const id = actual.id ?? '';
  const there = new Map((actual.protocolMappers ?? []).map((mapper) => [mapper.name ?? '', mapper]));
  const wanted = scope.protocolMappers ?? [];
  const surplus = [...there.values()].filter((mapper) => !wanted.some(({ name }) => name === mapper.name));
  return [
    ...wanted.flatMap((mapper) => {
      const found = there.get(mapper.name ?? '');
      if (found && holds(found, mapper)) return [];
      const says = `scope ${scope.name}: mapper ${mapper.name} ${found ? 'differs' : 'is missing'}`;
      const settle = found?.id
        ? () =>
            keycloak.clientScopes.updateProtocolMapper(
              { id, mapperId: found.id ?? '' },
              { ...mapper, id: found.id ?? '' },
            )
        : () => keycloak.clientScopes.addProtocolMapper({ id }, mapper);
      return [{ says, settle }];
    }),
    ...surplus.map((mapper) => ({
      says: `scope ${scope.name}: mapper ${mapper.name} does not belong there`,
      settle: () => keycloak.clientScopes.delProtocolMapper({ id, mapperId: mapper.id ?? '' }),
    })),
  ];
}

function scopeDifference(
  keycloak: KeycloakAdminClient,
  scope: ClientScopeRepresentation,
  running: RunningRealm,
): Difference[] {
  const actual = running.clientScopes.get(scope.name ?? '');
  if (!actual) {
    return [{ says: `scope ${scope.name} is missing`, settle: () => keycloak.clientScopes.create(scope) }];
  }
  const { protocolMappers: _mappers, ...plain } = scope;
  const own = {
    says: `scope ${scope.name} differs`,
    settle: () => keycloak.clientScopes.update({ id: actual.id ?? '' }, { ...plain, id: actual.id ?? '' }),
  };
  return [...(holds(actual, plain) ? [] : [own]), ...mapperDifferences(keycloak, scope, actual)];
}

/** The roles of `client` that one client or client scope may bring into a token. */
function mappingDifferences(
  keycloak: KeycloakAdminClient,
  client: string,
  mapping: ScopeMapping,
  running: RunningRealm,
): Difference[] {
  const { clientScope, client: holder } = mapping;
  const entry = (running.clientScopeMappings[client] ?? []).find(
    (each) => each.client === holder && each.clientScope === clientScope,
  );
  const { absent, surplus } = compareNames(entry?.roles ?? [], mapping.roles);
  const roles = (names: string[]) =>
    (running.clientRoles[client] ?? []).filter((role) => names.includes(role.name ?? ''));
  const id = (clientScope ? running.clientScopes.get(clientScope)?.id : running.clients.get(holder ?? '')?.id) ?? '';
  const query = { id, client: running.clients.get(client)?.id ?? '' };
  const { clients, clientScopes } = keycloak;
  // Without an id one of the two is still to be made; the next round finds it.
  const add = async () =>
    id &&
    query.client &&
    (clientScope
      ? clientScopes.addClientScopeMappings(query, roles(absent))
      : clients.addClientScopeMappings(query, roles(absent)));
  const remove = () =>
    clientScope
      ? clientScopes.delClientScopeMappings(query, roles(surplus))
      : clients.delClientScopeMappings(query, roles(surplus));
  const who = clientScope ? `scope ${clientScope}` : `client ${holder}`;
  return [
    ...(absent.length ? [{ says: `${who} lacks ${absent.join(', ')} of ${client}`, settle: add }] : []),
    ...(surplus.length ? [{ says: `${who} has ${surplus.join(', ')} of ${client} as well`, settle: remove }] : []),
  ];
}

/** Client scopes with their mappers, and the roles bound to them. Scopes that the description does not name are left alone. */
export function scopeDifferences(
  keycloak: KeycloakAdminClient,
  wanted: WantedRealm,
  running: RunningRealm,
): Difference[] {
  const unwanted = wanted.unwanted.clientScopes.filter((name) => running.clientScopes.has(name));
  return [
    ...wanted.clientScopes.flatMap((scope) => scopeDifference(keycloak, scope, running)),
    ...Object.entries(wanted.clientScopeMappings).flatMap(([client, mappings]) =>
      mappings.flatMap((mapping) => mappingDifferences(keycloak, client, mapping, running)),
    ),
    ...unwanted.map((name) => ({
      says: `scope ${name} must not exist here`,
      settle: () => keycloak.clientScopes.del({ id: running.clientScopes.get(name)?.id ?? '' }),
    })),
  ];
}
