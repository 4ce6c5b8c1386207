import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRunning, recordOf } from '../../local/processes.ts';

let clone: string;

/** A clone whose npm only notes that it ran, and brings a Node by a link to ours. */
beforeEach(() => {
  clone = mkdtempSync(path.join(tmpdir(), 'customer-clone-'));
  for (const folder of ['local', 'tools']) mkdirSync(path.join(clone, folder));
  copyFileSync('local/boot.mjs', path.join(clone, 'local', 'boot.mjs'));
  writeLock('1.0.0');
  writeNpm(
    `echo "$@" >> ran; sleep 0.5; mkdir -p node_modules/node/bin; ln -sf ${process.execPath} node_modules/node/bin/node`,
  );
  writeFileSync(path.join(clone, 'script.mjs'), 'console.log(process.argv.slice(2).join()); process.exitCode = 7;');
});

afterEach(() => rmSync(clone, { recursive: true }));

const writeLock = (version: string): void =>
  writeFileSync(path.join(clone, 'package-lock.json'), JSON.stringify({ packages: { 'node_modules/x': { version } } }));

const writeNpm = (script: string): void =>
  writeFileSync(path.join(clone, 'tools', 'npm'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

const installs = (): number => readFileSync(path.join(clone, 'ran'), 'utf8').trim().split('\n').length;

function start(...args: string[]): ChildProcess {
  const { npm_execpath: _, npm_lifecycle_event: __, ...env } = process.env;
  const PATH = `${path.join(clone, 'tools')}:${process.env['PATH']}`;
  return spawn(process.execPath, [path.join(clone, 'local', 'boot.mjs'), ...args], { env: { ...env, PATH } });
}

async function boot(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const child = start(...args);
  if (!child.stdout || !child.stderr) throw new Error('No output.');
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number, out, error };
}

describe('the first command on a fresh clone', () => {
  test('installs, then runs the script with its arguments and gives back its exit code', async () => {
    expect(await boot('script.mjs', 'one', 'two')).toMatchObject({ code: 7, out: 'one,two\n' });
    expect(readFileSync(path.join(clone, 'ran'), 'utf8')).toContain('ci --include=dev --loglevel=error');
  });

  test('begun three times at once, installs once', async () => {
    const runs = await Promise.all([boot('script.mjs'), boot('script.mjs'), boot('script.mjs')]);

    expect(runs.map(({ code }) => code)).toEqual([7, 7, 7]);
    expect(installs()).toBe(1);
  });

  test('says in one sentence that npm failed', async () => {
    writeNpm('echo "E404 no such package" >&2; exit 3');

    const { code, out, error } = await boot('script.mjs');

    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(error).toContain('E404');
    expect(error.trim().split('\n').at(-1)).toBe('npm ci failed with exit code 3; its own message stands above.');
  });

  test('goes on after an installation that was killed', async () => {
    mkdirSync(path.join(clone, '.local'));
    writeFileSync(path.join(clone, '.local', 'install.lock'), JSON.stringify({ pid: process.pid, begin: '1' }));

    expect(await boot('script.mjs')).toMatchObject({ code: 7 });
  });
});

describe('later commands', () => {
  test('install again only when the lock file changed', async () => {
    await boot('script.mjs');
    await boot('script.mjs');
    expect(installs()).toBe(1);

    writeLock('1.0.1');
    await boot('script.mjs');

    expect(installs()).toBe(2);
  });

  test('take over what npm itself installed from the same lock file', async () => {
    mkdirSync(path.join(clone, 'node_modules', 'node', 'bin'), { recursive: true });
    copyFileSync(path.join(clone, 'package-lock.json'), path.join(clone, 'node_modules', '.package-lock.json'));
    writeFileSync(
      path.join(clone, 'node_modules', 'node', 'bin', 'node'),
      `#!/bin/sh\nexec ${process.execPath} "$@"\n`,
      {
        mode: 0o755,
      },
    );

    expect(await boot('script.mjs')).toMatchObject({ code: 7, error: '' });
  });

  test('pass a signal on and wait for the script to end in order', async () => {
    const script =
      "process.on('SIGTERM', () => setTimeout(() => process.exit(5), 100)); console.log('up'); setInterval(() => 0, 1000);";
    writeFileSync(path.join(clone, 'script.mjs'), script);
    const child = start('script.mjs');
    if (!child.stdout) throw new Error('No output.');
    await once(child.stdout, 'data');

    child.kill('SIGTERM');

    expect(await once(child, 'exit')).toEqual([5, null]);
  });
});

describe('npm start', () => {
  /** The line of our package.json, with another script to run. */
  async function prepare(script: string): Promise<void> {
    await boot('script.mjs');
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } };
    const manifest = { name: 'clone', scripts: { start: scripts.start.replace('local/start.ts', 'script.mjs') } };
    writeFileSync(path.join(clone, 'package.json'), JSON.stringify(manifest));
    writeFileSync(path.join(clone, 'script.mjs'), `console.log(process.pid); setInterval(() => 0, 1000); ${script}`);
  }

  test.each(['SIGINT', 'SIGTERM'] as const)('ends in order when npm alone gets %s', async (signal) => {
    await prepare(`process.on('${signal}', () => setTimeout(() => process.exit(5), 100));`);
    const npm = spawn('npm', ['start', '--silent'], { cwd: clone });
    await once(npm.stdout, 'data');

    npm.kill(signal);

    expect(await once(npm, 'exit')).toEqual([5, null]);
  });

  test('ends when npm was killed, even if nobody has asked for npm’s end', async () => {
    await prepare('');
    const parent = spawn('sh', ['-c', 'npm start --silent & echo $!; exec sleep 60'], { cwd: clone });
    const pids: number[] = [];
    parent.stdout.on('data', (data: Buffer) => pids.push(...data.toString().trim().split('\n').map(Number)));
    await expect.poll(() => pids.length, { timeout: 10_000 }).toBe(2);
    const [npm, script] = pids.map((pid) => recordOf(pid) ?? expect.fail('it does not run'));
    if (!npm || !script) throw new Error('Two processes were to run.');

    process.kill(npm.pid, 'SIGKILL');

    await expect.poll(() => isRunning(script), { timeout: 5000 }).toBe(false);
    parent.kill();
  });
});
