import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endProcess, isRunning, recordOf, type ProcessRecord } from '../../local/processes.ts';
import { endOrphans } from '../../local/supervisor.ts';

let runDir: string;
let strangers: ChildProcess[];

beforeEach(() => {
  runDir = mkdtempSync(path.join(tmpdir(), 'customer-run-'));
  strangers = [];
});

afterEach(() => {
  for (const child of strangers) child.kill('SIGKILL');
  rmSync(runDir, { recursive: true });
});

async function begin(script = 'setInterval(() => undefined, 1000)'): Promise<ProcessRecord> {
  const child = spawn(process.execPath, ['-e', script], { detached: true, stdio: 'ignore' });
  strangers.push(child);
  await once(child, 'spawn');
  const record = child.pid === undefined ? undefined : recordOf(child.pid);
  if (!record) throw new Error('The process did not start.');
  return record;
}

function leavePidFile(record: ProcessRecord): string {
  const file = path.join(runDir, 'redis.pid');
  writeFileSync(file, JSON.stringify({ ...record, stopSignal: 'SIGTERM', graceSeconds: 1 }));
  return file;
}

describe('what a crashed run left behind', () => {
  test('a process of the earlier run is ended', async () => {
    const orphan = await begin();
    const file = leavePidFile(orphan);

    const ended = await endOrphans(runDir);

    expect(ended).toEqual(['redis']);
    expect(isRunning(orphan)).toBe(false);
    expect(existsSync(file)).toBe(false);
  });

  test('a process that was given the old number is left alone', async () => {
    const stranger = await begin();
    const file = leavePidFile({ ...stranger, begin: `${stranger.begin}0` });

    const ended = await endOrphans(runDir);

    expect(ended).toEqual([]);
    expect(isRunning(stranger)).toBe(true);
    expect(existsSync(file)).toBe(false);
  });

  test('a process that runs another program is left alone', async () => {
    const stranger = await begin();
    leavePidFile({ ...stranger, program: '/usr/bin/redis-server' });

    await endOrphans(runDir);

    expect(isRunning(stranger)).toBe(true);
  });

  test('a pid file that was cut off is forgotten', async () => {
    const file = path.join(runDir, 'redis.pid');
    writeFileSync(file, '{"pid": 1');

    expect(await endOrphans(runDir)).toEqual([]);
    expect(existsSync(file)).toBe(false);
  });
});

describe('ending a process', () => {
  test('one that does not listen to the signal is killed after its grace', async () => {
    const deaf = await begin("process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000)");

    expect(await endProcess(deaf, 'SIGTERM', 0.2)).toBe(true);
    expect(isRunning(deaf)).toBe(false);
  });

  test('one that is gone is no error', async () => {
    const gone = await begin();
    process.kill(gone.pid, 'SIGKILL');
    while (isRunning(gone)) await new Promise((resolve) => setTimeout(resolve, 10));

    expect(await endProcess(gone, 'SIGTERM', 1)).toBe(false);
  });
});
