import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { claimInTurn } from './claim.ts';

const run = promisify(execFile);

/** How a stack tells what it is doing: one line, without a line break. */
export type Say = (line: string) => void;

/** The folder for what is slow to make and the same for every stack: `CACHE_DIR`, else the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const users = env['XDG_CACHE_HOME'] || path.join(env['HOME'] || homedir(), '.cache');
  return path.resolve(env['CACHE_DIR'] || path.join(users, 'customer'));
}

/** SHA-256 of a text, in hex. */
export function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/** SHA-256 over the names and contents of all files under a folder, or of one file; `none` when it does not exist. */
export function hashOf(place: string): string {
  if (!existsSync(place)) return 'none';
  if (statSync(place).isFile()) return sha256(readFileSync(place));
  const files = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map((entry) => path.join(entry.parentPath, entry.name)).sort();
  return sha256(names.map((name) => `${path.relative(place, name)}\0${sha256(readFileSync(name))}\n`).join(''));
}

/** Copies a folder with modes, owners and times kept; where the file system can, without copying the bytes. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await run('cp', ['-a', '--reflink=auto', from, to]);
}

/** The same tree under another name with the same files in it, which must then be replaced and never written into. */
export async function linkFolder(from: string, to: string): Promise<void> {
  try {
    await run('cp', ['-al', from, to]);
  } catch {
    // Another file system, or one without hard links.
    rmSync(to, { recursive: true, force: true });
    await copyFolder(from, to);
  }
}

/** Made things, by what went into them. The whole folder may be deleted at any time. */
export interface Cache {
  readonly folder: string;
  /** The folder of these inputs, if it was made already. */
  find(what: string, inputs: unknown): string | undefined;
  /**
   * The folder `<what>-<sha256 of inputs>`, made by `make` under another name first, so that it is whole or absent.
   * Of several processes that want the same at once, one makes it.
   */
  provide(what: string, inputs: unknown, make: (folder: string) => Promise<void>): Promise<string>;
}

const hour = 3_600_000;

/** Removes what nobody used lately: all but the two newest of a kind, and left-overs of builds that were killed. */
function prune(folder: string, what: string): void {
  const now = Date.now();
  const aged = readdirSync(folder)
    .filter(
      (name) => name.replace(/^\.making-/, '').replace(/-[0-9a-f]{64}.*$/, '') === what && !name.endsWith('.lock'),
    )
    .map((name) => ({ name, age: now - statSync(path.join(folder, name)).mtimeMs }))
    .sort((one, other) => one.age - other.age);
  const whole = aged.filter(({ name }) => !name.startsWith('.making-'));
  const halves = aged.filter(({ name }) => name.startsWith('.making-'));
  for (const { name, age } of [...whole.slice(2), ...halves]) {
    if (age > hour) rmSync(path.join(folder, name), { recursive: true, force: true });
  }
}

async function makeWhole(folder: string, name: string, make: (folder: string) => Promise<void>): Promise<void> {
  const half = path.join(folder, `.making-${name}-${randomBytes(4).toString('hex')}`);
  mkdirSync(half);
  try {
    await make(half);
    renameSync(half, path.join(folder, name));
  } catch (error) {
    // Somebody who deleted the lock may have finished first; theirs is as good.
    if (!existsSync(path.join(folder, name))) throw error;
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

/** Opens a cache; `say` hears when it waits for another process. */
export function openCache(folder: string, say: Say): Cache {
  const nameOf = (what: string, inputs: unknown): string => `${what}-${sha256(JSON.stringify(inputs))}`;
  return {
    folder,
    find(what, inputs) {
      const place = path.join(folder, nameOf(what, inputs));
      return existsSync(place) ? place : undefined;
    },
    async provide(what, inputs, make) {
      const name = nameOf(what, inputs);
      const place = path.join(folder, name);
      mkdirSync(folder, { recursive: true });
      if (!existsSync(place)) {
        const release = await claimInTurn(`${place}.lock`, (pid) =>
          say(`waiting for process ${pid}, which makes ${what}`),
        );
        try {
          if (!existsSync(place)) await makeWhole(folder, name, make);
        } finally {
          release();
        }
        prune(folder, what);
      }
      const now = new Date();
      utimesSync(place, now, now);
      return place;
    },
  };
}
