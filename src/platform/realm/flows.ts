import { isDeepStrictEqual } from 'node:util';
import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import type AuthenticationExecutionExportRepresentation from '@keycloak/keycloak-admin-client/lib/defs/authenticationExecutionExportRepresentation.js';
import type AuthenticationFlowRepresentation from '@keycloak/keycloak-admin-client/lib/defs/authenticationFlowRepresentation.js';
import type AuthenticatorConfigRepresentation from '@keycloak/keycloak-admin-client/lib/defs/authenticatorConfigRepresentation.js';
import type { Difference } from './difference.ts';
import type { RunningRealm } from './running.ts';
import type { WantedRealm } from './wanted.ts';

type Flows = ReadonlyMap<string, AuthenticationFlowRepresentation>;
/** Settings of steps, by the names that steps call them by. */
type Configs = ReadonlyMap<string, AuthenticatorConfigRepresentation>;

const byAlias = <T extends { alias?: string }>(list: readonly T[] | undefined): ReadonlyMap<string, T> =>
  new Map((list ?? []).map((item) => [item.alias ?? '', item]));

/** A step as it is compared: in its place among the others, whatever number gives it that place. */
function stepOf(step: AuthenticationExecutionExportRepresentation, flows: Flows): unknown {
  const { authenticator, authenticatorConfig: config, flowAlias, requirement } = step;
  return { authenticator, config, requirement, ...(flowAlias ? { flowAlias, flow: shapeOf(flowAlias, flows) } : {}) };
}

function shapeOf(alias: string, flows: Flows): unknown {
  const flow = flows.get(alias);
  return flow && { kind: flow.providerId, steps: (flow.authenticationExecutions ?? []).map((s) => stepOf(s, flows)) };
}

/** Adds the steps of a flow that has none, with their settings, and of the flows within it. */
async function fill(keycloak: KeycloakAdminClient, alias: string, wanted: Flows, configs: Configs): Promise<void> {
  const { authenticationManagement: api } = keycloak;
  for (const step of wanted.get(alias)?.authenticationExecutions ?? []) {
    const { authenticator: provider = '', authenticatorConfig, flowAlias, requirement } = step;
    if (flowAlias) {
      const { providerId: type = '', description = '' } = wanted.get(flowAlias) ?? {};
      await api.addFlowToFlow({ flow: alias, alias: flowAlias, type, provider, description });
    } else {
      await api.addExecutionToFlow({ flow: alias, provider });
    }
    // What is added comes last, and does nothing until it is required.
    const added = (await api.getExecutions({ flow: alias })).findLast(({ level }) => level === 0);
    const config = configs.get(authenticatorConfig ?? '');
    if (config && added?.id) await api.createConfig({ ...config, id: added.id });
    if (flowAlias) await fill(keycloak, flowAlias, wanted, configs);
    await api.updateExecution({ flow: alias }, { ...added, ...(requirement ? { requirement } : {}) });
  }
}

/** Takes out every step; a flow without steps lets nobody in. */
async function empty(keycloak: KeycloakAdminClient, alias: string): Promise<void> {
  const { authenticationManagement: api } = keycloak;
  const steps = (await api.getExecutions({ flow: alias })).filter(({ level }) => level === 0);
  for (const { id = '' } of steps) await api.delExecution({ id });
}

/** Settings whose steps are in their places, but say something else. */
function configDifferences(keycloak: KeycloakAdminClient, wanted: Configs, there: Configs): Difference[] {
  return [...wanted].flatMap(([alias, { config }]) => {
    const found = there.get(alias);
    if (!found?.id || isDeepStrictEqual(found.config, config)) return [];
    const settled = { ...found, ...(config ? { config } : {}) };
    const settle = () => keycloak.authenticationManagement.updateConfig(settled);
    return [{ says: `settings ${alias} of a flow's step differ`, settle }];
  });
}

/** The ways to sign in or register that the description names, whole. Others are left alone. */
export function flowDifferences(
  keycloak: KeycloakAdminClient,
  wanted: WantedRealm,
  running: RunningRealm,
): Difference[] {
  const [all, there] = [byAlias(wanted.authenticationFlows), byAlias(running.settings.authenticationFlows)];
  const [configs, thereConfigs] = [byAlias(wanted.authenticatorConfig), byAlias(running.settings.authenticatorConfig)];
  const whole = [...all.values()].filter(({ topLevel }) => topLevel);
  const flows = whole.flatMap(({ authenticationExecutions: _steps, ...flow }) => {
    const { alias = '' } = flow;
    const found = there.has(alias);
    if (found && isDeepStrictEqual(shapeOf(alias, there), shapeOf(alias, all))) return [];
    const settle = async () => {
      await (found ? empty(keycloak, alias) : keycloak.authenticationManagement.createFlow(flow));
      await fill(keycloak, alias, all, configs);
    };
    return [{ says: `flow ${alias} ${found ? 'differs' : 'is missing'}`, settle }];
  });
  return flows.length ? flows : configDifferences(keycloak, configs, thereConfigs);
}
