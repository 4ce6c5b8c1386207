import { migrate } from '../../src/commands/migrate.ts';
import type { Parts } from '../../src/context.ts';
import { run } from '../../src/main.ts';
import { readConfig } from '../../src/platform/config.ts';
import { createLog } from '../../src/platform/log.ts';

/** Our service, server and worker, in this process. */
export interface RunningService extends AsyncDisposable {
  /** What it works with. */
  readonly parts: Parts;
  /** Everything it has logged. */
  readonly log: () => string;
}

/** Starts the service over a stack; it is ready when this resolves. */
export async function startService(environment: Record<string, string>): Promise<RunningService> {
  await migrate(environment);
  let text = '';
  const log = createLog('info', { write: (line) => void (text += line) });
  const running = await run(readConfig(environment), log);
  return {
    parts: running.parts,
    log: () => text,
    [Symbol.asyncDispose]: () => running.stop(),
  };
}
