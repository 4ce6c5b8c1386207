import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checks } from './contracts/house/checks.ts';
import { endAll, type Ended, run } from './processes.ts';
import { type Count, countTests, failures, readReport, secondsByKind } from './results.ts';

const root = resolve(import.meta.dirname, '..');
const reports = join(root, 'coverage');
const generated = ['schema', 'src/grpc/generated', 'test/support/generated'];
/** Per cent that must be reached (spec §5). */
const least = { lines: 85, branches: 85 };
const thresholds = Object.entries(least).map(([what, percent]) => `--coverage.thresholds.${what}=${percent}`);

/** Kinds that share what runs beneath them, and so one process; in the order of a full run. */
const runs: Record<string, string[]> = {
  domain: ['house', 'domain'],
  local: ['local'],
  features: ['contracts', 'features'],
  journeys: ['identity', 'journeys', 'traces'],
  drills: ['drills'],
};
const kinds = Object.values(runs).flat();
const failed: string[] = [];
const total: Count = { passed: 0, failed: 0 };
let ending = false;

function say(name: string, seconds: number, result: string, output = ''): void {
  const lines = output.trim() ? `${output.trim().replaceAll(/^/gm, '    ')}\n` : '';
  process.stdout.write(`${name.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s  ${result}\n${lines}`);
}

function add({ passed, failed }: Count): void {
  total.passed += passed;
  total.failed += failed;
}

async function step(name: string, says: string, work: () => Promise<Ended>): Promise<void> {
  if (ending) return;
  const start = performance.now();
  const { code, output } = await work();
  if (ending) return;
  add(code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
  if (code !== 0) failed.push(`${name}: it is not so that ${says}`);
  const seconds = (performance.now() - start) / 1000;
  say(name, seconds, code === 0 ? 'passed' : `FAILED: it is not so that ${says}`, code === 0 ? '' : output);
}

async function generatedAreCurrent(): Promise<Ended> {
  const made = await run(['node', 'src/commands/generate.ts'], root);
  if (made.code !== 0) return made;
  const changed = await run(['git', 'diff', '--exit-code', '--stat', '--', ...generated], root);
  const added = await run(['git', 'ls-files', '--others', '--exclude-standard', '--', ...generated], root);
  const output = [changed.output, added.output && `not committed:\n${added.output}`].join('\n');
  return { code: changed.code || added.code || (added.output.trim() ? 1 : 0), output };
}

/** Checks that need no tests. Two or more run at a time; files are written only after all have read them. */
async function runChecks(names: readonly string[]): Promise<void> {
  await Promise.all(
    checks
      .filter(({ name }) => names.includes(name))
      .map(({ name, says, command }) => step(name, says, () => run(command(root), root))),
  );
  if (names.includes('generated')) {
    await step('generated', 'generating again changes nothing that is committed', generatedAreCurrent);
  }
}

const folderOf = (kind: string): string => join(root, 'test', kind === 'house' ? 'contracts/house' : kind);

function vitest(report: string, wanted: readonly string[], filters: readonly string[], blob?: string): string[] {
  const projects = wanted.flatMap((kind) => ['--project', kind]);
  const covered = blob ? ['--reporter=blob', `--outputFile.blob=${blob}`, '--coverage'] : [];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...covered];
  return ['vitest', 'run', ...projects, ...reporters, ...filters];
}

/** Runs kinds in one vitest process, counts their tests, and reports a kind that holds none. */
async function runTests(
  name: string,
  wanted: readonly string[],
  filters: readonly string[],
  covered: boolean,
): Promise<void> {
  const present = wanted.filter((kind) => existsSync(folderOf(kind)));
  if (ending || !present.length) return;
  const report = join(reports, `${name}.json`);
  const blob = covered ? join(reports, 'blobs', `${name}.json`) : undefined;
  const { code } = await run(vitest(report, present, filters, blob), root, true);
  if (ending) return;
  const results = readReport(report);
  const [count, whys] = [countTests(results, code), failures(results)];
  add(count);
  failed.push(...(count.failed && !whys.length ? [`${name}: it ended with ${code}, and no test says why`] : whys));
  const seconds = secondsByKind(results);
  for (const kind of present) {
    const empty = !seconds.has(kind) && !filters.length;
    if (empty) add({ passed: 0, failed: 1 });
    if (empty) failed.push(`${kind}: no test of this kind ran`);
    say(kind, seconds.get(kind) ?? 0, empty ? 'FAILED' : 'ran');
  }
}

async function coverageIsEnough(): Promise<Ended> {
  return run(
    ['vitest', '--run', `--merge-reports=${join(reports, 'blobs')}`, '--reporter=dot', '--coverage', ...thresholds],
    root,
  );
}

async function everything(): Promise<void> {
  await runChecks([...checks.map(({ name }) => name), 'generated']);
  for (const [name, wanted] of Object.entries(runs)) await runTests(name, wanted, [], true);
  await step('coverage', `tests reach ${least.lines} % of lines and ${least.branches} % of branches`, coverageIsEnough);
}

async function chosen(name: string | undefined, filters: readonly string[]): Promise<void> {
  const named = [...checks.map((check) => check.name), 'generated'];
  if (name === undefined) return everything();
  if (name === 'check') {
    await runChecks(named);
    return runTests(name, runs['domain'] ?? [], filters, false);
  }
  if (named.includes(name)) return runChecks([name]);
  if (kinds.includes(name) && existsSync(folderOf(name))) {
    return runTests(name, name === 'contracts' ? ['house', name] : [name], filters, false);
  }
  process.stdout.write(`There is no "${name}". Choose one of: check, ${[...named, ...kinds].join(', ')}.\n`);
  add({ passed: 0, failed: 1 });
}

/** What failed, and the last line, alone on it, whatever happened before. */
function finish(): never {
  for (const each of failed) process.stdout.write(`\nFAILED ${each}`);
  process.stdout.write(`\n\n${total.passed} passed, ${total.failed} failed\n`);
  process.exit(total.failed || !total.passed ? 1 : 0);
}

async function end(reason: string): Promise<void> {
  if (ending) return;
  ending = true;
  total.failed += 1;
  process.stdout.write(`\nEnded early: ${reason}\n`);
  await endAll();
  finish();
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => void end(name));
process.on('uncaughtException', (error) => void end(error.stack ?? error.message));

rmSync(reports, { recursive: true, force: true });
mkdirSync(join(reports, 'blobs'), { recursive: true });
const [name, ...filters] = process.argv.slice(2);
await chosen(name, filters);
if (!ending) finish();
await new Promise(() => {});
