import path from 'node:path';
import { answers } from '../../local/keycloak.ts';
import { freePort } from '../../local/ports.ts';
import type { Stack } from '../../local/stack.ts';
import { type Part, supervise } from '../../local/supervisor.ts';

const root = path.resolve(import.meta.dirname, '..', '..');

/** Runs a worker as in production, a process of its own, while something is done; to be killed and started meanwhile. */
export async function withWorker<T>(stack: Stack, work: (worker: Part) => Promise<T>): Promise<T> {
  const port = await freePort(new Set(Object.values(stack.ports)));
  const supervisor = supervise(stack.stateDir, () => undefined);
  const { PATH, HOME } = process.env;
  const worker = await supervisor.start({
    name: 'drill-worker',
    command: process.execPath,
    args: [path.join(root, 'src', 'main.ts')],
    cwd: root,
    env: { PATH, HOME, ...stack.environment('worker'), ADMIN_PORT: String(port) },
    stopSignal: 'SIGTERM',
    graceSeconds: 30,
    isReady: () => answers(`http://127.0.0.1:${port}/readyz`),
    readyWithinSeconds: 60,
  });
  try {
    return await work(worker);
  } finally {
    await supervisor.stopAll();
  }
}
