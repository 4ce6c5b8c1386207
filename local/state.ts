import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
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
  /** Says that the stack is being stopped: who wants the folder next waits for it. */
  leave(): void;
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

/** How long an owner may take to notice that its npm was killed, and then to stop its parts. */
const noticesWithinMs = 2_000;
const stopsWithinMs = 60_000;

const leavingFile = (folder: string): string => path.join(folder, 'run', 'leaving');

/** Claims the folder, after waiting for a stack that is being stopped. */
async function claimFolder(folder: string, say?: (line: string) => void, signal?: AbortSignal): Promise<() => void> {
  const began = performance.now();
  for (let told = false; ; await pause(100)) {
    signal?.throwIfAborted();
    const claimed = await claim(path.join(folder, 'run', 'stack.lock'));
    if (typeof claimed === 'function') return claimed;
    const isLeaving = existsSync(leavingFile(folder));
    if (isLeaving && !told) say?.(`waiting for the stack of process ${claimed}, which is being stopped`);
    told ||= isLeaving;
    if (performance.now() - began < (isLeaving ? stopsWithinMs : noticesWithinMs)) continue;
    throw new Failure(
      `A stack already runs from ${folder} (process ${claimed}); stop it, or set STATE_DIR to another folder.`,
    );
  }
}

/**
 * Takes a state folder, after ending what a crashed run left in it.
 *
 * @param wished  the folder; undefined: a new one that is deleted afterwards
 * @param fresh   forget what is in it
 * @param say     hears of a stack that is waited for
 * @throws Failure when a living process has it, and keeps it
 */
export async function takeState(
  wished: string | undefined,
  fresh: boolean,
  say?: (line: string) => void,
  signal?: AbortSignal,
): Promise<State> {
  if (wished === undefined) await sweep();
  const folder = wished ?? mkdtempSync(path.join(tmpdir(), throwAwayName));
  mkdirSync(folder, { recursive: true });
  // Walkable but not readable: PostgreSQL may run as another user; what is secret has its own mode.
  chmodSync(folder, 0o711);
  const runDir = path.join(folder, 'run');
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  const claimed = await claimFolder(folder, say, signal);
  let isMine = true;
  const stay = (): void => rmSync(leavingFile(folder), { force: true });
  const giveBack = (): void => {
    stay();
    claimed();
  };
  try {
    // Left by one who was killed while stopping.
    stay();
    const ended = await endOrphans(runDir);
    // Data of a deleted clone may lie elsewhere under the same name.
    if (fresh || !hasSecrets(folder)) begin(folder);
    return {
      folder,
      ended,
      leave: () => {
        if (isMine) writeFileSync(leavingFile(folder), '');
      },
      release: () => {
        if (!isMine) return;
        isMine = false;
        if (wished === undefined) removeAll(folder);
        else giveBack();
      },
    };
  } catch (error) {
    giveBack();
    throw error;
  }
}
