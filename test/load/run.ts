import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { added } from './cpu.ts';
import { hashMeter } from './hash-cost.ts';
import { kindsOver, needed, warmUps } from './kinds.ts';
import { type LoadWorld, openLoadWorld } from './load-world.ts';
import { idleCpu, measureKind, type Measured, scaled } from './measure.ts';
import { isBearable, loadNow, type LoadFigures, loadPage } from './table.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** No level begins later than this after the start; a run takes at most ten minutes. */
const lastLevelMs = 9 * 60_000;
const page = path.resolve(import.meta.dirname, '../../docs/load.md');

function tell({ kind, levels }: Omit<Measured, 'idle'>): void {
  const said = levels.map(({ atATime, done, wrong }) => `${atATime} at a time, ${done} done, ${wrong.length} wrong`);
  say(`${kind.name}: ${said.join('; ')}`);
  for (const line of new Set(levels.flatMap(({ wrong }) => wrong))) say(`  wrong: ${line}`);
}

async function measured(world: LoadWorld): Promise<LoadFigures> {
  const began = new Date();
  const load = loadNow();
  const meter = await hashMeter(world.stack);
  try {
    const first = await meter.measure();
    const kinds: Measured[] = [];
    let before = await idleCpu(world);
    for (const kind of kindsOver(world)) {
      const found = await measureKind(world, kind, { untilMs: lastLevelMs, warm: warmUps });
      const after = await idleCpu(world);
      kinds.push({ ...found, idle: scaled(added(before, after), 1 / 2) });
      before = after;
      tell(found);
    }
    return { began, loads: [load, loadNow()], hashes: [first, await meter.measure()], kinds };
  } finally {
    meter.close();
  }
}

// What runs beneath ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const world = await openLoadWorld(needed, say);
try {
  const figures = await measured(world);
  writeFileSync(page, loadPage(figures));
  say(`\n${loadPage(figures)}`);
  process.exitCode = isBearable(figures) ? 0 : 1;
} finally {
  await world.stop();
}
