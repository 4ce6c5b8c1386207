import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { claim } from './claim.ts';
import { Failure } from './failure.ts';
import { hasSecrets } from './secrets.ts';
import { endOrphans } from './supervisor.ts';
import { openPlaceFor, unprivilegedUser } from './unprivileged.ts';

const throwAwayName = 'customer-stack-';

/** A stack's own folder, held by this process. */
export interface State {
  readonly folder: string;
  /** The parts of a crashed run that were found alive and ended. */
  readonly ended: readonly string[];
  /** Gives the folder back; a throw-away one is deleted. */
  release(): void;
}

/** Where the data folder of PostgreSQL is wished; as root it may lie elsewhere. */
export const postgresFolder = (folder: string): string => path.join(folder, 'postgres');

function removeAll(folder: string): void {
  rmSync(openPlaceFor(postgresFolder(folder), unprivilegedUser()), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

/** Forgets everything but the running claim and the turn of an installation. */
function begin(folder: string): void {
  rmSync(openPlaceFor(postgresFolder(folder), unprivilegedUser()), { recursive: true, force: true });
  for (const name of readdirSync(folder)) {
    if (name !== 'run' && name !== 'install.lock') rmSync(path.join(folder, name), { recursive: true, force: true });
  }
}

/** Deletes throw-away stacks whose process is gone, and ends what they left running. */
async function sweep(): Promise<void> {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(throwAwayName));
  for (const folder of names.map((name) => path.join(tmpdir(), name))) {
    // Made and not yet claimed by another process, or another user's.
    if (!existsSync(path.join(folder, 'run', 'stack.lock'))) continue;
    const claimed = await claim(path.join(folder, 'run', 'stack.lock')).catch(() => 0);
    if (typeof claimed === 'number') continue;
    await endOrphans(path.join(folder, 'run'));
    removeAll(folder);
  }
}

/**
 * Takes a state folder, after ending what a crashed run left in it.
 *
 * @param wished  the folder; undefined: a new one that is deleted afterwards
 * @param fresh   forget what is in it
 * @throws Failure when a living process has it
 */
export async function takeState(wished: string | undefined, fresh: boolean): Promise<State> {
  if (wished === undefined) await sweep();
  const folder = wished ?? mkdtempSync(path.join(tmpdir(), throwAwayName));
  mkdirSync(folder, { recursive: true });
  // Walkable but not readable: PostgreSQL may run as another user; what is secret has its own mode.
  chmodSync(folder, 0o711);
  const runDir = path.join(folder, 'run');
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  const claimed = await claim(path.join(runDir, 'stack.lock'));
  if (typeof claimed === 'number') {
    throw new Failure(
      `A stack already runs from ${folder} (process ${claimed}); stop it, or set STATE_DIR to another folder.`,
    );
  }
  try {
    const ended = await endOrphans(runDir);
    // Data of a deleted clone may lie elsewhere under the same name.
    if (fresh || !hasSecrets(folder)) begin(folder);
    return { folder, ended, release: () => (wished === undefined ? removeAll(folder) : claimed()) };
  } catch (error) {
    claimed();
    throw error;
  }
}
