import { readdirSync, readFileSync } from 'node:fs';

/** A part of the platform whose processor time is told apart. */
export const parts = ['keycloak', 'postgres', 'server', 'worker', 'redis'] as const;
/** One of {@link parts}. */
export type PartName = (typeof parts)[number];

/** Processor time in milliseconds, user and system. */
export type Cpu = Record<PartName, number>;

/** USER_HZ: Linux counts in hundredths of a second on every architecture that Node runs on. */
const tickMs = 10;

function fieldsOf(pid: number | string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

const sum = (fields: readonly string[], at: readonly number[]): number =>
  at.reduce((ticks, n) => ticks + Number(fields[n] ?? 0), 0);

/** Of a process alone; fields 14 and 15 of /proc/PID/stat, counted from the third. */
const own = [11, 12];
/** With its children that have ended. */
const withEnded = [11, 12, 13, 14];

/** PostgreSQL has a process a connection: the living ones, and the ended ones by their parent. */
function ofFamily(parent: number): number {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(fieldsOf)
    .filter(([, ppid]) => Number(ppid) === parent);
  const ticks = children.reduce((all, fields) => all + sum(fields, own), sum(fieldsOf(parent), withEnded));
  return ticks * tickMs;
}

/** What each part has used so far. */
export function cpuOf(pids: Readonly<Record<PartName, number>>): Cpu {
  const of = (name: PartName): number => sum(fieldsOf(pids[name]), own) * tickMs;
  return {
    keycloak: of('keycloak'),
    postgres: ofFamily(pids.postgres),
    server: of('server'),
    worker: of('worker'),
    redis: of('redis'),
  };
}

/** A sum part by part; with -1, the difference. */
export function added(one: Cpu, other: Cpu, sign: 1 | -1 = 1): Cpu {
  const entries = parts.map((name) => [name, one[name] + sign * other[name]]);
  return Object.fromEntries(entries) as Cpu;
}

/** Nothing used. */
export const noCpu: Cpu = { keycloak: 0, postgres: 0, server: 0, worker: 0, redis: 0 };
