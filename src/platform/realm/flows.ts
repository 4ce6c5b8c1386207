import { isDeepStrictEqual } from 'node:util';
import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import type AuthenticationExecutionExportRepresentation from '@keycloak/keycloak-admin-client/lib/defs/authenticationExecutionExportRepresentation.js';
import type AuthenticationFlowRepresentation from '@keycloak/keycloak-admin-client/lib/defs/authenticationFlowRepresentation.js';
import type { Difference } from './difference.ts';
import type { RunningRealm } from './running.ts';
import type { WantedRealm } from './wanted.ts';

type Flows = ReadonlyMap<string, AuthenticationFlowRepresentation>;

const byAlias = (flows: readonly AuthenticationFlowRepresentation[] | undefined): Flows =>
  new Map((flows ?? []).map((flow) => [flow.alias ?? '', flow]));

/** A step as it is compared: in its place among the others, whatever number gives it that place. */
function stepOf(step: AuthenticationExecutionExportRepresentation, flows: Flows): unknown {
  const { authenticator, flowAlias, requirement } = step;
  return { authenticator, requirement, ...(flowAlias ? { flowAlias, flow: shapeOf(flowAlias, flows) } : {}) };
}

function shapeOf(alias: string, flows: Flows): unknown {
  const flow = flows.get(alias);
  return flow && { kind: flow.providerId, steps: (flow.authenticationExecutions ?? []).map((s) => stepOf(s, flows)) };
}

/** Adds the steps of a flow that has none, and of the flows within it. */
async function fill(keycloak: KeycloakAdminClient, alias: string, wanted: Flows): Promise<void> {
  const { authenticationManagement: api } = keycloak;
  for (const { authenticator: provider = '', flowAlias, requirement } of wanted.get(alias)?.authenticationExecutions ??
    []) {
    if (flowAlias) {
      const { providerId: type = '', description = '' } = wanted.get(flowAlias) ?? {};
      await api.addFlowToFlow({ flow: alias, alias: flowAlias, type, provider, description });
    } else {
      await api.addExecutionToFlow({ flow: alias, provider });
    }
    // What is added comes last, and does nothing until it is required.
    const added = (await api.getExecutions({ flow: alias })).findLast(({ level }) => level === 0);
    await api.updateExecution({ flow: alias }, { ...added, ...(requirement ? { requirement } : {}) });
    if (flowAlias) await fill(keycloak, flowAlias, wanted);
  }
}

/** Takes out every step; a flow without steps lets nobody in. */
async function empty(keycloak: KeycloakAdminClient, alias: string): Promise<void> {
  const { authenticationManagement: api } = keycloak;
  const steps = (await api.getExecutions({ flow: alias })).filter(({ level }) => level === 0);
  for (const { id = '' } of steps) await api.delExecution({ id });
}

/** The ways to sign in or register that the description names, whole. Others are left alone. */
export function flowDifferences(
  keycloak: KeycloakAdminClient,
  wanted: WantedRealm,
  running: RunningRealm,
): Difference[] {
  const [all, there] = [byAlias(wanted.authenticationFlows), byAlias(running.settings.authenticationFlows)];
  const whole = [...all.values()].filter(({ topLevel }) => topLevel);
  return whole.flatMap(({ authenticationExecutions: _steps, ...flow }) => {
    const { alias = '' } = flow;
    const found = there.has(alias);
    if (found && isDeepStrictEqual(shapeOf(alias, there), shapeOf(alias, all))) return [];
    const settle = async () => {
      await (found ? empty(keycloak, alias) : keycloak.authenticationManagement.createFlow(flow));
      await fill(keycloak, alias, all);
    };
    return [{ says: `flow ${alias} ${found ? 'differs' : 'is missing'}`, settle }];
  });
}
