import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import { compareNames, type Difference } from './difference.ts';
import type { Role, ThereRole } from './representations.ts';
import type { RunningRealm } from './running.ts';
import type { WantedRealm } from './wanted.ts';

/** The roles a role consists of, as `role` or `client/role`. */
function partsOf(role: Role): string[] {
  const clients = Object.entries({ ...role.composites?.client } as Record<string, string[]>);
  const ofClients = clients.flatMap(([client, roles]) => roles.map((name) => `${client}/${name}`));
  return [...(role.composites?.realm ?? []), ...ofClients];
}

/** Every role that is there, by the same names. */
function known(running: RunningRealm): Map<string, ThereRole> {
  const ofClients = [...running.clientRoles].flatMap(([client, roles]) =>
    [...roles].map(([name, role]) => [`${client}/${name}`, role] as const),
  );
  return new Map([...running.roles, ...ofClients]);
}

function permissionDifferences(
  keycloak: KeycloakAdminClient,
  wanted: WantedRealm,
  running: RunningRealm,
): Difference[] {
  return Object.entries(wanted.roles.client).flatMap(([client, roles]) => {
    const id = running.clients.get(client)?.id;
    return roles
      .filter(({ name }) => !running.clientRoles.get(client)?.has(name))
      .map((role) => ({
        says: `permission ${role.name} of ${client} is missing`,
        // The client itself may be missing in this round; the next one finds it.
        settle: async () => id && keycloak.clients.createRole({ ...role, id }),
      }));
  });
}

function compositionDifferences(
  keycloak: KeycloakAdminClient,
  role: Role,
  actual: ThereRole,
  all: Map<string, ThereRole>,
): Difference[] {
  const { absent, surplus } = compareNames(partsOf(actual), partsOf(role));
  const roleId = actual.id;
  const found = (names: string[]) => names.flatMap((name) => all.get(name) ?? []);
  return [
    ...absent.map((name) => ({
      says: `role ${role.name} lacks ${name}`,
      settle: () => keycloak.roles.createComposite({ roleId }, found([name])),
    })),
    ...surplus.map((name) => ({
      says: `role ${role.name} has ${name} as well`,
      settle: () => keycloak.roles.delCompositeRoles({ id: roleId }, found([name])),
    })),
  ];
}

/** Permissions, and the roles that consist of them. Roles that the description does not name are left alone. */
export function roleDifferences(
  keycloak: KeycloakAdminClient,
  wanted: WantedRealm,
  running: RunningRealm,
): Difference[] {
  const all = known(running);
  const roles = wanted.roles.realm.flatMap((role) => {
    const { name, description = '' } = role;
    const actual = running.roles.get(name);
    if (!actual) {
      return [{ says: `role ${name} is missing`, settle: () => keycloak.roles.create({ name, description }) }];
    }
    const described = actual.description === description;
    const text = {
      says: `role ${name}: description differs`,
      settle: () => keycloak.roles.updateByName({ name }, { name, description }),
    };
    return [...(described ? [] : [text]), ...compositionDifferences(keycloak, role, actual, all)];
  });
  return [...permissionDifferences(keycloak, wanted, running), ...roles];
}
