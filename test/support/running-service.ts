import { appendFileSync } from 'node:fs';
import { migrate } from '../../src/commands/migrate.ts';
import type { Parts } from '../../src/context.ts';
import { run } from '../../src/main.ts';
import { readConfig } from '../../src/platform/config.ts';
import { createLog } from '../../src/platform/log.ts';

/** Our service, server and worker, in this process. */
export interface RunningService extends AsyncDisposable {
  /** Where it listens; empty for a worker. */
  readonly url: string;
  /** What it works with. */
  readonly parts: Parts;
  /** Everything it has logged. */
  readonly log: () => string;
}

/**
 * Starts the service over a stack; it is ready when this resolves.
 *
 * @param environment  besides what the service reads, `TEST_LOG`: a file that keeps what is logged
 */
export async function startService(environment: Record<string, string>): Promise<RunningService> {
  await migrate(environment);
  let text = '';
  const config = readConfig(environment);
  const { TEST_LOG: file } = environment;
  const write = (line: string): void => {
    text += line;
    if (file) appendFileSync(file, line);
  };
  const running = await run(config, createLog(config.log.level, { write }));
  return {
    url: running.publicUrl ?? '',
    parts: running.parts,
    log: () => text,
    [Symbol.asyncDispose]: () => running.stop(),
  };
}
