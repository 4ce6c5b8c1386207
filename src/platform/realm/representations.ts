import type ClientRepresentation from '@keycloak/keycloak-admin-client/lib/defs/clientRepresentation.js';
import type ClientScopeRepresentation from '@keycloak/keycloak-admin-client/lib/defs/clientScopeRepresentation.js';
import type ProtocolMapperRepresentation from '@keycloak/keycloak-admin-client/lib/defs/protocolMapperRepresentation.js';
import type RoleRepresentation from '@keycloak/keycloak-admin-client/lib/defs/roleRepresentation.js';

// The library's types leave every member open. A description has its names, and what Keycloak shows has its ids too.

/** A claim of a token. */
export type Mapper = ProtocolMapperRepresentation & { name: string };
/** A permission or a role. */
export type Role = RoleRepresentation & { name: string };
/** A client as it is described. */
export type Client = ClientRepresentation & {
  clientId: string;
  defaultClientScopes?: string[];
  optionalClientScopes?: string[];
};
/** A client scope as it is described, with its mappers. */
export type Scope = Omit<ClientScopeRepresentation, 'protocolMappers'> & { name: string; protocolMappers: Mapper[] };

/** What is there, and can be changed by its id. */
export type There<T> = T & { id: string };
/** A client as it is. */
export type ThereClient = There<Omit<Client, 'protocolMappers'>> & { protocolMappers: There<Mapper>[] };
/** A client scope as it is. */
export type ThereScope = There<Omit<Scope, 'protocolMappers'>> & { protocolMappers: There<Mapper>[] };
/** A role as it is. */
export type ThereRole = There<Role>;

/**
 * Things by their names, as Keycloak shows them.
 *
 * @param absent  what Keycloak leaves out when there is none of it
 * @throws Error when one has no name or no id: then it is not the Keycloak that this was written for
 */
export function byName<T extends { id: string }>(
  list: readonly object[] | undefined,
  key: keyof T & string,
  absent: Partial<T> = {},
): Map<string, T> {
  return new Map(
    (list ?? []).map((item) => {
      const { id, [key]: name } = item as Record<string, unknown>;
      if (typeof id !== 'string' || typeof name !== 'string') throw new Error(`Keycloak shows no id or no ${key}.`);
      return [name, { ...absent, ...item } as T];
    }),
  );
}
