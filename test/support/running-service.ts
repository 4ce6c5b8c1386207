import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { migrate } from '../../src/commands/migrate.ts';

const root = path.resolve(import.meta.dirname, '../..');
const readyWithinMs = 60_000;

/** Our service as a process of its own, as production runs it. */
export interface RunningService extends AsyncDisposable {
  /** Everything it has logged. */
  readonly log: () => string;
}

/** Starts the service over a stack and waits until it says that it is ready. */
export async function startService(environment: Record<string, string>): Promise<RunningService> {
  await migrate(environment);
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [path.join(root, 'src/main.ts')], {
    cwd: root,
    env: { PATH, HOME, ...environment },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => void (text += String(part)));
  const isReady = async (): Promise<boolean> => {
    const address = `http://127.0.0.1:${environment['ADMIN_PORT']}/readyz`;
    return (await fetch(address).catch(() => undefined))?.ok ?? false;
  };
  for (const began = performance.now(); !(await isReady()); await new Promise((done) => setTimeout(done, 100))) {
    const isLate = performance.now() - began > readyWithinMs;
    if (isLate) child.kill('SIGKILL');
    if (isLate || child.exitCode !== null) throw new Error(`The service did not start:\n${text.slice(-3000)}`);
  }
  return {
    log: () => text,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
