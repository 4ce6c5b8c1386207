import { setTimeout as pause } from 'node:timers/promises';
import { added, type Cpu, cpuOf, noCpu } from './cpu.ts';
import type { Kind } from './kinds.ts';
import type { LoadWorld } from './load-world.ts';

/** How a level of concurrency went. */
export interface Level {
  readonly atATime: number;
  readonly done: number;
  readonly wrong: readonly string[];
  readonly seconds: number;
  /** Until all that it caused is told. */
  readonly settledSeconds: number;
  /** Wall time of one that was done, in milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly cpu: Cpu;
}

/** What was found of a kind; `levels` has fewer than were meant when the time was over. */
export interface Measured {
  readonly kind: Kind;
  readonly levels: readonly Level[];
  /** What the parts used in a second while nobody came, before and after. */
  readonly idle: Cpu;
}

function quantiles(times: readonly number[]): Pick<Level, 'p50' | 'p95' | 'p99'> {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

async function measureLevel(
  world: LoadWorld,
  kind: Kind,
  { atATime, count, seconds: most }: Kind['levels'][number],
  first: number,
) {
  await world.settled();
  const before = cpuOf(world.pids);
  const began = performance.now();
  const times: number[] = [];
  const wrong: string[] = [];
  let next = 0;
  const loop = async (): Promise<void> => {
    while (next < count && performance.now() - began < most * 1000) {
      const n = first + next;
      next += 1;
      const from = performance.now();
      await kind.once(n).then(
        () => times.push(performance.now() - from),
        (error: unknown) => wrong.push(error instanceof Error ? error.message.slice(0, 60) : 'unknown'),
      );
    }
  };
  await Promise.all(Array.from({ length: atATime }, loop));
  const seconds = (performance.now() - began) / 1000;
  // What follows a sign-in at our side belongs to it.
  await world.settled();
  const cpu = added(cpuOf(world.pids), before, -1);
  const settledSeconds = (performance.now() - began) / 1000;
  return { atATime, done: times.length, wrong, seconds, ...quantiles(times), cpu, settledSeconds };
}

const idleMs = 5000;

/** What the parts use in a second while nobody comes. */
export async function idleCpu(world: LoadWorld): Promise<Cpu> {
  await world.settled();
  const before = cpuOf(world.pids);
  await pause(idleMs);
  const spent = added(cpuOf(world.pids), before, -1);
  return scaled(spent, 1000 / idleMs);
}

/** Each part by a factor. */
export function scaled(cpu: Cpu, factor: number): Cpu {
  return Object.fromEntries(Object.entries(cpu).map(([name, ms]) => [name, ms * factor])) as Cpu;
}

/** Warms up and runs the levels of a kind, as far as they begin in time. */
export async function measureKind(
  world: LoadWorld,
  kind: Kind,
  { untilMs, warm }: { readonly untilMs: number; readonly warm: number },
): Promise<Omit<Measured, 'idle'>> {
  const levels: Level[] = [];
  let first = 0;
  for (; first < warm; first += 1) await kind.once(first);
  for (const level of kind.levels) {
    if (performance.now() > untilMs) break;
    levels.push(await measureLevel(world, kind, level, first));
    first += level.count;
  }
  return { kind, levels };
}

/** Processor time of one call, over all levels: with all that ran meanwhile, and less what runs anyway. */
export function cpuOfOne({ levels, idle }: Measured): { readonly whole: Cpu; readonly less: Cpu } {
  const done = levels.reduce((sum, level) => sum + level.done, 0);
  const seconds = levels.reduce((sum, level) => sum + level.settledSeconds, 0);
  const spent = levels.reduce((sum, { cpu }) => added(sum, cpu), noCpu);
  const one = (cpu: Cpu): Cpu => scaled(cpu, 1 / Math.max(1, done));
  return { whole: one(spent), less: one(added(spent, scaled(idle, seconds), -1)) };
}
