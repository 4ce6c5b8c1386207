import path from 'node:path';
import { answers } from '../../local/keycloak.ts';
import { freePort } from '../../local/ports.ts';
import type { Stack } from '../../local/stack.ts';
import { type Part, supervise } from '../../local/supervisor.ts';

const root = path.resolve(import.meta.dirname, '..', '..');

/**
 * Runs our service as in production, a process of its own, while something is done; to be killed and started meanwhile.
 * A server listens where the stack says that it does, so that Keycloak finds it; a worker beside it.
 */
export async function withProcess<T>(
  stack: Stack,
  role: 'server' | 'worker',
  work: (process: Part) => Promise<T>,
): Promise<T> {
  const taken = new Set(Object.values(stack.ports));
  const port = role === 'worker' ? await freePort(taken) : stack.ports.ADMIN_PORT;
  const supervisor = supervise(stack.stateDir, () => undefined);
  const { PATH, HOME } = process.env;
  const part = await supervisor.start({
    name: `drill-${role}`,
    command: process.execPath,
    args: [path.join(root, 'src', 'main.ts')],
    cwd: root,
    env: { PATH, HOME, ...stack.environment(role), ADMIN_PORT: String(port) },
    stopSignal: 'SIGTERM',
    graceSeconds: 30,
    isReady: () => answers(`http://127.0.0.1:${port}/readyz`),
    readyWithinSeconds: 60,
  });
  try {
    return await work(part);
  } finally {
    await supervisor.stopAll();
  }
}
