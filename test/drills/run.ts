import type { Stack } from '../../local/stack.ts';
import { openDrillStack } from '../support/drill-world.ts';
import { authNode, isAuthNodeDrillWhole } from './auth-node.ts';
import { everyRoute, isEveryRouteWhole } from './every-route.ts';
import { isKeycloakDrillWhole, keycloakGone } from './keycloak-gone.ts';
import { isHungDrillWhole, keycloakHung } from './keycloak-hung.ts';
import { isWhole, keycloakKill } from './keycloak-kill.ts';
import { isPostgresDrillWhole, postgresGone } from './postgres-gone.ts';
import { isRedisDrillWhole, redisGone } from './redis-gone.ts';
import { isWorkerDrillWhole, workerKill } from './worker-kill.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function overAStack(work: (stack: Stack) => Promise<boolean>): Promise<boolean> {
  const stack = await openDrillStack(say);
  try {
    return await work(stack);
  } finally {
    await stack.stop();
  }
}

const drills: Record<string, () => Promise<boolean>> = {
  'keycloak-kill': async () => (await keycloakKill(20, say)).every(isWhole),
  'every-route': () => overAStack(async (stack) => isEveryRouteWhole(await everyRoute(stack, 500, say))),
  'worker-kill': () => overAStack(async (stack) => isWorkerDrillWhole(await workerKill(stack, 6, say))),
  'redis-gone': () => overAStack(async (stack) => (await redisGone(stack, 30, say)).every(isRedisDrillWhole)),
  'postgres-gone': () => overAStack(async (stack) => isPostgresDrillWhole(await postgresGone(stack, 30, say))),
  'keycloak-gone': () =>
    overAStack(async (stack) =>
      (await keycloakGone(stack, { hung: 30, stopped: 30 }, say)).every(isKeycloakDrillWhole),
    ),
  'keycloak-hung': () =>
    overAStack(async (stack) => isHungDrillWhole(await keycloakHung(stack, { seconds: 15, count: 50 }, say))),
  'auth-node': () => overAStack(async (stack) => (await authNode(stack, say)).every(isAuthNodeDrillWhole)),
};

// What runs beneath ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in drills));
if (unknown.length) {
  say(`There is no drill ${unknown.join(', ')}. Choose of: ${Object.keys(drills).join(', ')}.`);
  process.exit(1);
}
let isAllWhole = true;
for (const name of names.length ? names : Object.keys(drills)) {
  const held = (await drills[name]?.()) ?? false;
  say(held ? `${name}: nothing was lost.` : `${name}: something was lost or too slow, see above.`);
  isAllWhole &&= held;
}
process.exitCode = isAllWhole ? 0 : 1;
