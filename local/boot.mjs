// Runs on the Node that happens to be installed (20 or newer) and has no dependencies: it installs the packages when the
// lock file changed, then runs the given script on the pinned Node with `node_modules/.bin` first on the PATH.
//
//   node local/boot.mjs local/start.ts [arguments…]
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, 'node_modules');
const lockFile = path.join(root, 'package-lock.json');
const stampFile = path.join(modules, '.boot-stamp');
// Outside node_modules, which `npm ci` empties, and in the folder that git ignores.
const turnFile = path.join(root, '.local', 'install.lock');
const node = path.join(modules, 'node', 'bin', 'node');

/** A failure that is told in one sentence, without a stack. */
class Told extends Error {}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const statOf = (pid) => {
  const stat = readText(`/proc/${pid}/stat`);
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

/**
 * When a process began, in clock ticks since boot; a process number alone may have been given to somebody else. Empty for
 * one that is gone, though nobody has asked for its end yet.
 */
function beginOf(pid) {
  const stat = statOf(pid);
  return stat[0] === 'Z' ? '' : (stat[19] ?? '');
}

function isAlive(pid, begin) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  return begin === beginOf(pid);
}

/** Whether what lies in node_modules is what the lock file says, as after somebody's own `npm install`. */
function agrees(lock) {
  const hidden = readText(path.join(modules, '.package-lock.json'));
  if (hidden === '') return false;
  const installed = JSON.parse(hidden).packages;
  const wanted = JSON.parse(lock).packages;
  const same = (name) => installed[name]?.version === wanted[name]?.version;
  const present = (name) => name in installed || wanted[name].optional || wanted[name].peer;
  return Object.keys(installed).every(same) && Object.keys(wanted).every((name) => name === '' || present(name));
}

function isInstalled(hash, lock) {
  if (!existsSync(node)) return false;
  if (readText(stampFile) === hash) return true;
  if (existsSync(stampFile) || !agrees(lock)) return false;
  writeFileSync(stampFile, hash);
  return true;
}

/** Takes the right to install; false while a living process has it. */
function takeTurn() {
  mkdirSync(path.dirname(turnFile), { recursive: true });
  try {
    writeFileSync(turnFile, JSON.stringify({ pid: process.pid, begin: beginOf(process.pid) }), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const text = readText(turnFile);
  // Empty: the other one has made the file and not yet written it.
  if (text === '') return false;
  const { pid, begin } = JSON.parse(text);
  if (!isAlive(pid, begin)) rmSync(turnFile, { force: true });
  return false;
}

function install(hash) {
  process.stderr.write('Installing packages (npm ci) …\n');
  const script = process.env.npm_execpath;
  const [command, first] = script?.endsWith('npm-cli.js') ? [process.execPath, [script]] : ['npm', []];
  const args = [...first, 'ci', '--include=dev', '--loglevel=error', '--no-audit', '--no-fund'];
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) throw new Told(`npm could not be run (${error.message}); install npm, then try again.`);
  if (signal) throw new Told(`npm ci was ended by ${signal}; run the command again to finish the installation.`);
  if (status !== 0) throw new Told(`npm ci failed with exit code ${status}; its own message stands above.`);
  if (!existsSync(node)) {
    throw new Told('npm ci did not bring Node: install scripts are switched off; allow them for the package "node".');
  }
  writeFileSync(stampFile, hash);
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function ensureInstalled() {
  const lock = readText(lockFile);
  if (lock === '') throw new Told(`${lockFile} is missing; this is not a whole clone.`);
  const hash = createHash('sha256').update(lock).update(process.platform).update(process.arch).digest('hex');
  for (let waited = 0; !isInstalled(hash, lock); waited += 1) {
    if (takeTurn()) {
      try {
        if (!isInstalled(hash, lock)) install(hash);
      } finally {
        rmSync(turnFile, { force: true });
      }
    } else {
      if (waited === 5) process.stderr.write('Waiting for another npm ci in this folder …\n');
      await pause(200);
    }
  }
}

/** The npm that started us, and the shell it put in between unless the script says `exec`: a shell keeps SIGINT from us. */
function npmAbove() {
  if (!process.env.npm_lifecycle_event) return [];
  const parent = process.ppid;
  const isShell = /^(\/\S*\/)?(da|ba)?sh\0-c\0/.test(readText(`/proc/${parent}/cmdline`));
  const pids = isShell ? [parent, Number(statOf(parent)[1])] : [parent];
  return pids.map((pid) => ({ pid, begin: beginOf(pid) })).filter(({ begin }) => begin !== '');
}

/** npm ends the shell between us on SIGTERM, and the shell does not tell us; killed itself, it tells nobody. */
function endWithNpm(child) {
  const above = npmAbove();
  const watch = setInterval(() => {
    if (above.every(({ pid, begin }) => isAlive(pid, begin))) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 300);
  watch.unref();
}

/** A command without a database of its own is meant for the stack of `npm start`. */
function environmentFor(script) {
  if (!script.startsWith('src/commands/') || script.endsWith('/generate.ts')) return {};
  if (process.env.DATABASE_URL || process.env.KEYCLOAK_URL) return {};
  const folder = process.env.STATE_DIR || '.local';
  const text = readText(path.resolve(root, folder, 'environment.json'));
  if (!text) {
    throw new Told(`No stack runs from ${folder}: start one with npm start, or give DATABASE_URL and KEYCLOAK_URL.`);
  }
  process.stderr.write(`Using the stack that runs from ${folder}.\n`);
  return JSON.parse(text);
}

function run(script, args) {
  const PATH = `${path.join(modules, '.bin')}${path.delimiter}${process.env.PATH ?? ''}`;
  const env = { ...environmentFor(script), ...process.env, PATH, BOOT_PID: String(process.pid) };
  const child = spawn(node, [path.resolve(root, script), ...args], { cwd: root, env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal));
  endWithNpm(child);
  child.on('error', (error) => {
    process.stderr.write(`${node} could not be run (${error.message}); delete node_modules and try again.\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

const [script, ...args] = process.argv.slice(2);
try {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new Told(`Node 20 or newer is needed; this is ${process.version}.`);
  }
  if (!script) throw new Told('Usage: node local/boot.mjs SCRIPT [ARGUMENTS]');
  await ensureInstalled();
  run(script, args);
} catch (error) {
  process.stderr.write(`${error instanceof Told ? error.message : error.stack}\n`);
  process.exitCode = 1;
}
