import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * A process as it can be found again later. The number alone is not enough: once a process is gone, the system gives its
 * number to another one.
 */
export interface ProcessRecord {
  pid: number;
  /** When it began: the boot it belongs to and the ticks since. */
  begin: string;
  /** The program file it runs. */
  program: string;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Field 22 of /proc/PID/stat, counted from behind the command's name, which may hold spaces; field 3 is the state. */
function statOf(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** What can be said of a living process; undefined when there is none of that number, or only its remains. */
export function recordOf(pid: number): ProcessRecord | undefined {
  const stat = statOf(pid);
  const ticks = stat[19];
  if (!ticks || stat[0] === 'Z') return undefined;
  try {
    const program = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
    return { pid, begin: `${read('/proc/sys/kernel/random/boot_id')}:${ticks}`, program };
  } catch {
    // Another user's process; it cannot be one of ours, or we could not end it anyway.
    return undefined;
  }
}

/** Whether the very process that was recorded still runs: number, beginning and program. */
export function isRunning(record: ProcessRecord): boolean {
  const now = recordOf(record.pid);
  return now !== undefined && now.begin === record.begin && now.program === record.program;
}

/** Sends a signal to a process (or, negative, to its group); a process that is gone is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Ends a recorded process and what it started in its group: asked first, killed after the grace. Does nothing when the
 * number belongs to another process by now.
 *
 * @returns whether there was one to end
 */
export async function endProcess(
  record: ProcessRecord,
  signal: NodeJS.Signals,
  graceSeconds: number,
): Promise<boolean> {
  if (!isRunning(record)) return false;
  signalProcess(record.pid, signal);
  for (let waited = 0; isRunning(record) && waited < graceSeconds * 20; waited += 1) await pause(50);
  if (isRunning(record)) signalProcess(record.pid, 'SIGKILL');
  // A group keeps its number reserved while it has members, so this reaches our descendants or nobody.
  signalProcess(-record.pid, 'SIGKILL');
  for (let waited = 0; isRunning(record) && waited < 200; waited += 1) await pause(50);
  return true;
}
