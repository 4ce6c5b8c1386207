import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const aptGet = '/usr/bin/apt-get';
const names = ['chromium', 'chromium-browser', 'google-chrome'];

function onPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find((file) => existsSync(file));
}

function installed(): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync(aptGet)) return undefined;
  process.stdout.write('  Chromium is missing: apt-get install chromium\n');
  const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  execFileSync(aptGet, ['update', '-q'], options);
  execFileSync(aptGet, ['install', '-y', '-q', '--no-install-recommends', 'chromium'], options);
  return onPath();
}

/** A real Chromium: from `CHROMIUM_PATH`, the PATH, or, as root on Debian, by apt-get. Never skipped. */
export async function openChromium(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH'] ?? onPath() ?? installed();
  if (!executablePath) throw new Error('Chromium is needed: install it, or say in CHROMIUM_PATH where it is.');
  // As root Chromium runs only without its sandbox; the pages are our own.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}
