import { isDeepStrictEqual } from 'node:util';
import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import { changedKeys, holds, type Difference } from './difference.ts';
import type { RunningRealm } from './running.ts';
import type { WantedRealm } from './wanted.ts';

/** Read only when a realm is made. */
const onlyAtBirth = new Set(['CreateDefaultClientScopes']);

/** Parts of the description that other files compare. */
function plainSettings(wanted: WantedRealm): Record<string, unknown> {
  const {
    roles: _roles,
    defaultRole: _defaultRole,
    clients: _clients,
    clientScopes: _clientScopes,
    clientScopeMappings: _mappings,
    users: _users,
    requiredActions: _actions,
    authenticationFlows: _flows,
    authenticatorConfig: _steps,
    userProfile: _profile,
    builtInClients: _builtIn,
    unwanted: _unwanted,
    social: _social,
    attributes,
    smtpServer,
    ...plain
  } = wanted;
  const lasting = Object.entries(attributes ?? {}).filter(([name]) => !onlyAtBirth.has(name));
  const { password: _password, ...mail } = (smtpServer ?? {}) as Record<string, string>;
  return { ...plain, attributes: Object.fromEntries(lasting), smtpServer: mail };
}

/** Settings of the realm itself. Attributes are replaced as a whole by Keycloak, so ours go out with the others. */
export function settingDifferences(
  keycloak: KeycloakAdminClient,
  wanted: WantedRealm,
  running: RunningRealm,
): Difference[] {
  const plain = plainSettings(wanted);
  const { realm } = wanted;
  return changedKeys(running.settings, plain).map((key) => ({
    says: `realm: ${key} differs`,
    settle: () => {
      const full = key === 'smtpServer' ? wanted.smtpServer : plain[key];
      const value = key === 'attributes' ? { ...running.settings.attributes, ...(full as object) } : full;
      return keycloak.realms.update({ realm }, { [key]: value });
    },
  }));
}

/** What a person may have, see and change. Compared whole: a field more is a difference too. */
export function profileDifferences(
  keycloak: KeycloakAdminClient,
  wanted: WantedRealm,
  running: RunningRealm,
): Difference[] {
  if (isDeepStrictEqual(running.userProfile, wanted.userProfile)) return [];
  return [{ says: 'user profile differs', settle: () => keycloak.users.updateProfile({ ...wanted.userProfile }) }];
}

/** Steps that Keycloak may demand of a user, in the order of their priority. */
export function actionDifferences(
  keycloak: KeycloakAdminClient,
  wanted: WantedRealm,
  running: RunningRealm,
): Difference[] {
  const there = new Map((running.settings.requiredActions ?? []).map((action) => [action.alias, action]));
  return (wanted.requiredActions ?? []).flatMap((action) => {
    const { alias = '', name = '' } = action;
    const actual = there.get(alias);
    if (actual && holds(actual, action)) return [];
    const settle = actual
      ? () => keycloak.authenticationManagement.updateRequiredAction({ alias }, action)
      : () => keycloak.authenticationManagement.registerRequiredAction({ providerId: alias, name });
    return [{ says: `required action ${alias} ${actual ? 'differs' : 'is missing'}`, settle }];
  });
}
