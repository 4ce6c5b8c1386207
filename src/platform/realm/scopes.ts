import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import { compareNames, holds, type Difference } from './difference.ts';
import type { Scope, ThereScope } from './representations.ts';
import type { RunningRealm } from './running.ts';
import type { ScopeMapping, WantedRealm } from './wanted.ts';

function mapperDifferences(
  keycloak: KeycloakAdminClient,
  scope: Scope,
  { id, protocolMappers }: ThereScope,
): Difference[] {
  const { clientScopes } = keycloak;
  const there = new Map(protocolMappers.map((mapper) => [mapper.name, mapper]));
  const surplus = protocolMappers.filter((mapper) => !scope.protocolMappers.some(({ name }) => name === mapper.name));
  return [
    ...scope.protocolMappers.flatMap((mapper) => {
      const found = there.get(mapper.name);
      if (found && holds(found, mapper)) return [];
      const says = `scope ${scope.name}: mapper ${mapper.name} ${found ? 'differs' : 'is missing'}`;
      const settle = found
        ? () => clientScopes.updateProtocolMapper({ id, mapperId: found.id }, { ...mapper, id: found.id })
        : () => clientScopes.addProtocolMapper({ id }, mapper);
      return [{ says, settle }];
    }),
    ...surplus.map((mapper) => ({
      says: `scope ${scope.name}: mapper ${mapper.name} does not belong there`,
      settle: () => clientScopes.delProtocolMapper({ id, mapperId: mapper.id }),
    })),
  ];
}

function scopeDifference(keycloak: KeycloakAdminClient, scope: Scope, running: RunningRealm): Difference[] {
  const actual = running.clientScopes.get(scope.name);
  if (!actual) {
    return [{ says: `scope ${scope.name} is missing`, settle: () => keycloak.clientScopes.create(scope) }];
  }
  const { id } = actual;
  const { protocolMappers: _mappers, ...plain } = scope;
  const own = {
    says: `scope ${scope.name} differs`,
    settle: () => keycloak.clientScopes.update({ id }, { ...plain, id }),
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
  const entry = running.clientScopeMappings[client]?.find(
    (each) => each.client === holder && each.clientScope === clientScope,
  );
  const { absent, surplus } = compareNames(entry ? entry.roles : [], mapping.roles);
  const roles = (names: string[]) => names.flatMap((name) => running.clientRoles.get(client)?.get(name) ?? []);
  const at = clientScope ? running.clientScopes.get(clientScope) : running.clients.get(String(holder));
  const of = running.clients.get(client);
  const mappings = clientScope ? keycloak.clientScopes : keycloak.clients;
  // Without an id one of the two is still to be made; the next round finds it.
  const query = at && of && { id: at.id, client: of.id };
  const add = async () => query && mappings.addClientScopeMappings(query, roles(absent));
  const remove = async () => query && mappings.delClientScopeMappings(query, roles(surplus));
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
  const unwanted = wanted.unwanted.clientScopes.flatMap((name) => running.clientScopes.get(name) ?? []);
  return [
    ...wanted.clientScopes.flatMap((scope) => scopeDifference(keycloak, scope, running)),
    ...Object.entries(wanted.clientScopeMappings).flatMap(([client, mappings]) =>
      mappings.flatMap((mapping) => mappingDifferences(keycloak, client, mapping, running)),
    ),
    ...unwanted.map(({ name, id }) => ({
      says: `scope ${name} must not exist here`,
      settle: () => keycloak.clientScopes.del({ id }),
    })),
  ];
}
