import { cpus, loadavg } from 'node:os';
import { type Cpu, parts } from './cpu.ts';
import { cpuOfOne, type Level, type Measured } from './measure.ts';

/** What one run found. */
export interface LoadFigures {
  readonly began: Date;
  /** The machine's load average of a minute, before and after. */
  readonly loads: readonly [number, number];
  /** CPU of one password hash, in milliseconds, before and after the rest. */
  readonly hashes: readonly [number, number];
  readonly kinds: readonly Measured[];
}

/** The load of the machine now. */
export const loadNow = (): number => loadavg()[0] ?? 0;

/** Goals of issue 2 for one sign-in, CPU in milliseconds; a run fails at three times the figure. */
const goals = { withoutHash: 30, ours: 10, times: 3 } as const;
const mostBusy = 0.6;
const rates = [1, 5, 10, 50, 100, 250, 500, 1000];

const ms = (value: number): string => value.toFixed(value < 10 ? 1 : 0);
const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const hashOf = ({ hashes: [before, after] }: LoadFigures): number => (before + after) / 2;

/** CPU of one call, in milliseconds. */
interface Cost {
  readonly keycloak: number;
  /** Keycloak's and ours without the hash of a password. */
  readonly rest: number;
  readonly ours: number;
  readonly postgres: number;
}

function costFrom(figures: LoadFigures, { kind }: Measured, cpu: Cpu): Cost {
  const { keycloak, server, worker, postgres } = cpu;
  const ours = server + worker;
  return { keycloak, rest: keycloak - (kind.hashes ? hashOf(figures) : 0) + ours, ours, postgres };
}

/** Between these it lies: with all that ran meanwhile, and less what runs anyway. */
function costsOf(figures: LoadFigures, measured: Measured): { readonly most: Cost; readonly least: Cost } {
  const { whole, less } = cpuOfOne(measured);
  return { most: costFrom(figures, measured, whole), least: costFrom(figures, measured, less) };
}

/** Sign-ins, calls and their errors; empty when nothing of the kind ran. */
const ran = ({ levels }: Measured): boolean => levels.some(({ done }) => done > 0);

function perSecond({ done, seconds }: Level): number {
  return done / seconds;
}

function levelRows({ kind, levels }: Measured): string[] {
  const missing = kind.levels
    .slice(levels.length)
    .map(({ atATime }) => row(kind.name, atATime, 'did not run', ...Array<string>(5).fill('')));
  const rows = levels.map((level) => {
    const { atATime, done, wrong, p50, p95, p99 } = level;
    return row(kind.name, atATime, done, wrong.length, perSecond(level).toFixed(1), ms(p50), ms(p95), ms(p99));
  });
  return [...rows, ...missing];
}

function cpuRow(figures: LoadFigures, measured: Measured): string {
  const { whole, less } = cpuOfOne(measured);
  const { most, least } = costsOf(figures, measured);
  const range = (high: number, low: number): string => `${ms(low)} to ${ms(high)}`;
  const hashed = measured.kind.hashes ? range(most.rest, least.rest) : '–';
  return row(
    measured.kind.name,
    ...parts.map((part) => range(whole[part], less[part])),
    range(most.ours, least.ours),
    hashed,
  );
}

/** Met only if it is by the higher figure, missed only if it is by the lower one; what is no cost at all says nothing. */
function said(most: number, least: number, goal: number): string {
  const figures = `${ms(least)} to ${ms(most)} ms; goal ${goal} ms`;
  if (least > 0 && most <= goal) return `${figures}: met`;
  if (least > goal * goals.times) return `${figures}: NOT met, by more than ${goals.times} times`;
  return least > goal ? `${figures}: NOT met` : `${figures}: not decided by this run`;
}

/** What went wrong has cost as well, and cannot be told from what was done. */
function wrongLine({ kind, levels }: Measured): string {
  const wrong = levels.reduce((sum, level) => sum + level.wrong.length, 0);
  const tried = levels.reduce((sum, { done }) => sum + done, wrong);
  return wrong ? `- ${kind.name}: not decided by this run, since ${wrong} of ${tried} went wrong` : '';
}

function goalLines(figures: LoadFigures): string[] {
  return figures.kinds
    .filter((measured) => measured.kind.signIn && ran(measured))
    .flatMap((measured) => {
      const wrong = wrongLine(measured);
      if (wrong) return [wrong];
      const { most, least } = costsOf(figures, measured);
      const count = measured.levels.reduce((sum, { done }) => sum + done, 0);
      const what = `- ${measured.kind.name}, ${count} sign-ins:`;
      return [
        `${what} Keycloak and ours less the hash ${said(most.rest, least.rest, goals.withoutHash)}`,
        `${what} ours ${said(most.ours, least.ours, goals.ours)}`,
      ];
    });
}

function capacityRows(figures: LoadFigures, measured: Measured): string[] {
  const { keycloak, ours, postgres } = costsOf(figures, measured).most;
  const most = Math.max(...measured.levels.map(perSecond));
  const cores = (rate: number, cost: number): string => ((rate * cost) / 1000 / mostBusy).toFixed(1);
  return rates.map((rate) => {
    const how = rate <= most ? 'ran here' : 'calculated; did not run here';
    return row(
      rate,
      cores(rate, keycloak),
      cores(rate, ours),
      cores(rate, postgres),
      cores(rate, keycloak + ours + postgres),
      how,
    );
  });
}

function machineLine({ began, loads }: LoadFigures): string {
  const [first] = cpus();
  const load = loads.map((each) => each.toFixed(1)).join(' before, ');
  return `${began.toISOString().slice(0, 16).replace('T', ' ')} UTC · ${first?.model.trim()}, ${cpus().length} cores · load of the machine ${load} after, of other work too · Node ${process.version}`;
}

function head(figures: LoadFigures): string[] {
  const [before, after] = figures.hashes;
  return [
    '# Load of sign-ins',
    '',
    'Written by `npm run load`; do not edit. Keycloak, PostgreSQL, Redis, our server, our worker and the driver share one machine and its loopback address; each sign-in of a level is somebody else’s.',
    '',
    machineLine(figures),
    '',
    `A password hash (bcrypt, cost 12, our provider, Java flags of the local stack) in the same run: ${ms(before)} ms of CPU before, ${ms(after)} ms after; ${ms(hashOf(figures))} ms are taken off below.`,
    '',
  ];
}

function capacity(figures: LoadFigures): string[] {
  const measured = figures.kinds.find(({ kind }) => kind.signIn);
  if (!measured || !ran(measured)) return [];
  return [
    `## Cores for a rate of sign-ins (${measured.kind.name})`,
    '',
    row('sign-ins a second', 'Keycloak, hash included', 'ours', 'PostgreSQL', 'all', ''),
    row('---:', '---:', '---:', '---:', '---:', '---'),
    ...capacityRows(figures, measured),
    '',
    `Assumed: CPU per sign-in stays what it was here (the higher figure), whatever the rate; cores like these, busy ${mostBusy * 100} % at most; no cost of balancing, of TLS or of the cluster’s own traffic; one PostgreSQL takes the writes. Nothing of this was tried beyond the rates that ran here.`,
    '',
  ];
}

/** The page `docs/load.md`. */
export function loadPage(figures: LoadFigures): string {
  return [
    ...head(figures),
    '## Time',
    '',
    row('what', 'at a time', 'done', 'wrong', 'a second', 'P50 ms', 'P95 ms', 'P99 ms'),
    row('---', '---:', '---:', '---:', '---:', '---:', '---:', '---:'),
    ...figures.kinds.flatMap(levelRows),
    '',
    '## CPU of one, ms',
    '',
    row('what', ...parts, 'ours', 'Keycloak and ours less the hash'),
    row('---', ...parts.map(() => '---:'), '---:', '---:'),
    ...figures.kinds.filter(ran).map((measured) => cpuRow(figures, measured)),
    '',
    'From `/proc/PID/stat` over all levels of a kind, until all it caused is told. The higher figure holds all that the parts did meanwhile; from the lower one is taken what they use anyway, measured while nobody came, before and after. On a busy machine they use less of that than is taken off, so that the lower one may be too low, even below 0; where some went wrong, both are too high, for that has cost as well. Ours is server and worker.',
    '',
    '## Goals',
    '',
    ...goalLines(figures),
    '',
    ...capacity(figures),
    'No line for passkeys: each sign-in needs a browser with a virtual authenticator, which would take the processors from what is measured; `test/identity/passkeys.test.ts` signs in with one.',
    '',
  ].join('\n');
}

/** Whether everything was done and nothing was three times worse than its goal. */
export function isBearable(figures: LoadFigures): boolean {
  return figures.kinds.every((measured) => {
    if (measured.levels.some(({ wrong }) => wrong.length)) return false;
    if (!measured.kind.signIn || !ran(measured)) return true;
    const { rest, ours } = costsOf(figures, measured).least;
    return rest <= goals.withoutHash * goals.times && ours <= goals.ours * goals.times;
  });
}
