import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure, tailOf } from './failure.ts';
import { endProcess, isRunning, recordOf, signalProcess, type ProcessRecord } from './processes.ts';

/** How to run one part of the stack. */
export interface PartPlan {
  name: string;
  command: string;
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** As whom it runs, when not as ourselves. */
  user?: { uid: number; gid: number };
  /** The signal that asks it to end in order, and how long it may take. */
  stopSignal: NodeJS.Signals;
  graceSeconds: number;
  /** Whether it can be used by now; asked again and again. */
  isReady: () => Promise<boolean>;
  readyWithinSeconds: number;
}

/** A running part. */
export interface Part {
  readonly name: string;
  /** Its process number; undefined while it does not run. */
  readonly pid: number | undefined;
  readonly logFile: string;
  /** Starts it again with the same plan, after `stop` or `kill`, and waits until it is ready. */
  start(): Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Sends a signal as an accident would. With SIGKILL, waits until the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** What a pid file holds. */
interface Running extends ProcessRecord {
  stopSignal: NodeJS.Signals;
  graceSeconds: number;
}

/** Starts parts, knows them by their pid files, and ends them in reverse order. */
export interface Supervisor {
  start(plan: PartPlan): Promise<Part>;
  /** Ends every part, the last first. */
  stopAll(): Promise<void>;
  /** Ends at once, without grace. */
  killAll(): void;
}

/** Ends what a crashed run left behind, and nothing else: number, beginning and program must be those of the pid file. */
export async function endOrphans(runDir: string): Promise<string[]> {
  const ended: string[] = [];
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  for (const file of readdirSync(runDir).filter((name) => name.endsWith('.pid'))) {
    const place = path.join(runDir, file);
    let record: Running | undefined;
    try {
      record = JSON.parse(readFileSync(place, 'utf8')) as Running;
    } catch {
      // Cut off while it was written: its process, if any, shows as a taken port.
    }
    if (record && (await endProcess(record, record.stopSignal, record.graceSeconds))) ended.push(file.slice(0, -4));
    rmSync(place, { force: true });
  }
  return ended;
}

class SupervisedPart implements Part {
  readonly name: string;
  readonly logFile: string;
  readonly #plan: PartPlan;
  readonly #pidFile: string;
  readonly #onCrash: (failure: Failure) => void;
  #child: ChildProcess | undefined;
  #record: ProcessRecord | undefined;
  #wanted = false;

  constructor(plan: PartPlan, runDir: string, logDir: string, onCrash: (failure: Failure) => void) {
    this.name = plan.name;
    this.logFile = path.join(logDir, `${plan.name}.log`);
    this.#plan = plan;
    this.#pidFile = path.join(runDir, `${plan.name}.pid`);
    this.#onCrash = onCrash;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    await this.#spawn();
    const deadline = performance.now() + this.#plan.readyWithinSeconds * 1000;
    while (!(await this.#plan.isReady())) {
      if (!this.#child) throw this.#failure('ended before it was ready');
      if (performance.now() > deadline) {
        await this.stop();
        throw this.#failure(`was not ready within ${this.#plan.readyWithinSeconds} s`);
      }
      await pause(50);
    }
    if (!this.#child) throw this.#failure('ended before it was ready');
    this.#wanted = true;
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    if (this.#record) await endProcess(this.#record, this.#plan.stopSignal, this.#plan.graceSeconds);
    rmSync(this.#pidFile, { force: true });
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#wanted = false;
    const record = this.#record;
    if (!record || !isRunning(record)) return;
    signalProcess(-record.pid, signal);
    while (signal === 'SIGKILL' && (isRunning(record) || this.#child)) await pause(5);
  }

  killNow(): void {
    this.#wanted = false;
    if (this.#record && isRunning(this.#record)) signalProcess(-this.#record.pid, 'SIGKILL');
    rmSync(this.#pidFile, { force: true });
  }

  #failure(what: string): Failure {
    return new Failure(`${this.name} ${what}; its log is ${this.logFile}.`, tailOf(this.logFile));
  }

  async #spawn(): Promise<void> {
    const { command, args, cwd, env, user, stopSignal, graceSeconds } = this.#plan;
    const log = openSync(this.logFile, 'w', 0o600);
    // A group of its own: Ctrl-C reaches only us, who end the parts in order; a file as output: it outlives us.
    const child = spawn(command, args, { cwd, env, ...user, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(new Failure(`${this.name} could not be run: ${error.message}.`)));
    });
    this.#child = child;
    this.#record = child.pid === undefined ? undefined : recordOf(child.pid);
    if (this.#record) {
      const running: Running = { ...this.#record, stopSignal, graceSeconds };
      writeFileSync(this.#pidFile, JSON.stringify(running), { mode: 0o600 });
    }
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      if (this.#wanted) this.#onCrash(this.#failure(`ended by itself (${signal ?? `exit code ${code}`})`));
    });
  }
}

/**
 * Makes a supervisor whose pid files and logs lie in `run` and `log` of the state folder.
 *
 * @param onCrash  told when a part ends that nobody asked to
 */
export function supervise(stateDir: string, onCrash: (failure: Failure) => void): Supervisor {
  const runDir = path.join(stateDir, 'run');
  const logDir = path.join(stateDir, 'log');
  for (const folder of [runDir, logDir]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const parts: SupervisedPart[] = [];
  let isStopping = false;
  return {
    async start(plan) {
      if (isStopping) throw new Failure(`${plan.name} is not started: the stack is stopping.`);
      const part = new SupervisedPart(plan, runDir, logDir, onCrash);
      parts.push(part);
      await part.start();
      return part;
    },
    async stopAll() {
      isStopping = true;
      for (const part of parts.toReversed()) await part.stop();
    },
    killAll() {
      for (const part of parts) part.killNow();
    },
  };
}
