import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isRunning, recordOf, type ProcessRecord } from './processes.ts';

/** What a claim's file says of its owner. */
interface Owner extends ProcessRecord {
  /** Set apart from an earlier claim of the same process. */
  id: string;
}

function ownerOf(file: string): Owner | 'unwritten' | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    return text === '' ? 'unwritten' : (JSON.parse(text) as Owner);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return 'unwritten';
  }
}

let claims = 0;

/**
 * Takes a file as the sign that this process alone does something; the file of a process that is gone is taken over.
 *
 * @returns the release, or the number of the living process that has it
 */
export async function claim(file: string): Promise<(() => void) | number> {
  const me = recordOf(process.pid);
  if (!me) throw new Error('/proc is needed to tell processes apart.');
  claims += 1;
  const owner: Owner = { ...me, id: `${me.pid}.${claims}` };
  mkdirSync(path.dirname(file), { recursive: true });
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      writeFileSync(file, JSON.stringify(owner), { flag: 'wx', mode: 0o600 });
      return () => release(file, owner);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const other = ownerOf(file);
    if (typeof other === 'object' && isRunning(other)) return other.pid;
    // Unwritten for long: its writer died between making and filling it.
    if (typeof other === 'object' || tries > 20) rmSync(file, { force: true });
    await pause(20);
  }
  throw new Error(`${file} could not be claimed.`);
}

function release(file: string, owner: Owner): void {
  const now = ownerOf(file);
  if (typeof now === 'object' && now.id === owner.id && now.begin === owner.begin) rmSync(file, { force: true });
}

/** Like `claim`, but waits its turn; `onWait` is told once whom it waits for. */
export async function claimInTurn(file: string, onWait: (pid: number) => void): Promise<() => void> {
  for (let waited = 0; ; waited += 1) {
    const claimed = await claim(file);
    if (typeof claimed === 'function') return claimed;
    if (waited === 0) onWait(claimed);
    await pause(250);
  }
}
