import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

/** How a program ended: its exit code (1 for a signal or a failed start) and, unless it was shown live, what it wrote. */
export interface Ended {
  code: number;
  output: string;
}

const graceMilliseconds = 15_000;
/** A check that takes longer than this hangs. Runs that are shown live, with tests, have limits of their own. */
const hangsAfterMilliseconds = 120_000;
const running = new Set<ChildProcess>();

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    // A negative id means the whole group: what the program itself started ends with it.
    if (child.pid) process.kill(-child.pid, name);
  } catch {
    child.kill(name);
  }
}

/** Runs a program of the dependencies, or Node itself, in a process group of its own. */
export function run(command: readonly string[], root: string, live = false): Promise<Ended> {
  const [program = '', ...args] = command;
  const path = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`;
  const child = spawn(program === 'node' ? process.execPath : program, args, {
    cwd: root,
    detached: true,
    stdio: live ? ['ignore', 1, 1] : ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: path },
  });
  running.add(child);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  child.stderr?.on('data', (chunk) => (output += String(chunk)));
  const limit = live ? undefined : setTimeout(() => signal(child, 'SIGKILL'), hangsAfterMilliseconds);
  return new Promise((resolve) => {
    const end = (code: number): void => {
      clearTimeout(limit);
      running.delete(child);
      // Whatever the program left behind in its group must not outlive it.
      signal(child, 'SIGKILL');
      resolve({ code, output });
    };
    child.on('error', (error) => {
      output += error.message;
      end(1);
    });
    child.on('close', (code) => end(code ?? 1));
  });
}

/** Asks everything that runs to end, and after a grace period makes it. */
export async function endAll(): Promise<void> {
  for (const child of running) signal(child, 'SIGTERM');
  const until = Date.now() + graceMilliseconds;
  while (running.size && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const child of running) signal(child, 'SIGKILL');
}
