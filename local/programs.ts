import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { Say } from './cache.ts';
import { Failure } from './failure.ts';
import { signalProcess } from './processes.ts';

/** The first executable of these names on the PATH. */
export function onPath(...names: string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const places = names.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const running = new Set<number>();

/** Ends every program that still runs to its end, with what it started. */
export function endPrograms(): void {
  for (const pid of running) signalProcess(-pid, 'SIGKILL');
}

/** How a program is run to its end. */
export interface RunOptions {
  /** What is said when it fails. */
  sentence: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** As whom, when not as ourselves. */
  user?: { uid: number; gid: number } | undefined;
  /** What it reads. */
  input?: string;
}

/**
 * Runs a program to its end. Its output is only shown when it fails.
 *
 * @throws Failure when it cannot be run or its exit code is not 0
 */
export async function runToEnd(command: string, args: readonly string[], options: RunOptions): Promise<void> {
  const { cwd = process.cwd(), env = process.env, user, input, sentence } = options;
  // A group of its own, so that it can be ended together with what it starts.
  const child = spawn(command, args, { cwd, env, ...user, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  // It may end without reading everything.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-4000);
    });
  }
  if (child.pid !== undefined) running.add(child.pid);
  const code = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
  if (child.pid !== undefined) running.delete(child.pid);
  if (code !== 0) throw new Failure(sentence, typeof code === 'string' ? code : said.trim());
}

/** A Java that can run Keycloak. */
export interface Java {
  home: string;
  major: number;
  /** Its full version, as in its `release` file. */
  version: string;
  /** Whether it can compile. */
  hasCompiler: boolean;
}

function javaAt(home: string): Java | undefined {
  if (!existsSync(path.join(home, 'bin', 'java'))) return undefined;
  const release = path.join(home, 'release');
  const version = existsSync(release) ? /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(release, 'utf8'))?.[1] : undefined;
  if (!version) return undefined;
  const hasCompiler = existsSync(path.join(home, 'bin', 'javac'));
  return { home, version, major: Number(version.split('.')[0]), hasCompiler };
}

function installedJavas(): Java[] {
  const first = onPath('java');
  const folder = '/usr/lib/jvm';
  const homes = [
    ...(first ? [path.dirname(path.dirname(realpathSync(first)))] : []),
    ...(existsSync(folder) ? readdirSync(folder).map((name) => realpathSync(path.join(folder, name))) : []),
  ];
  return [...new Set(homes)].map(javaAt).filter((java) => java !== undefined);
}

/** Keycloak's supported versions first, the fastest to start ahead; then anything newer than 17. */
const rank = ({ major, hasCompiler }: Java): number => [25, 21, 17].indexOf(major) * 2 + (hasCompiler ? 0 : 1);

function bestJava(): Java | undefined {
  const named = process.env['JAVA_HOME'] ? javaAt(process.env['JAVA_HOME']) : undefined;
  if (named && named.major >= 17 && named.hasCompiler) return named;
  const usable = installedJavas().filter((java) => java.major >= 17);
  const supported = usable.filter((java) => rank(java) >= 0);
  return supported.sort((one, other) => rank(one) - rank(other))[0] ?? usable[0];
}

/** What builds and runs Keycloak. */
export interface JavaTools {
  java: Java;
  /** A JDK for Maven; often the same. */
  compiler: Java;
  maven: string;
}

function findTools(): Partial<JavaTools> {
  const java = bestJava();
  const compiler = java?.hasCompiler ? java : installedJavas().find((one) => one.major >= 17 && one.hasCompiler);
  const maven = onPath('mvn');
  return { ...(java ? { java } : {}), ...(compiler ? { compiler } : {}), ...(maven ? { maven } : {}) };
}

const isWhole = (tools: Partial<JavaTools>): tools is JavaTools => Boolean(tools.java && tools.compiler && tools.maven);

/**
 * Finds a JDK of 17 or newer and Maven; where one is missing and we are root on Debian or its kin, installs them.
 *
 * @throws Failure that names the ways to get them
 */
export async function ensureJavaTools(say: Say): Promise<JavaTools> {
  const found = findTools();
  if (isWhole(found)) return found;
  const apt = onPath('apt-get');
  const missing = [...(found.compiler ? [] : ['a JDK of 17 or newer']), ...(found.maven ? [] : ['Maven'])].join(
    ' and ',
  );
  if (process.getuid?.() !== 0 || !apt || !existsSync('/etc/debian_version')) {
    throw new Failure(
      `Keycloak needs ${missing}: install a JDK (17, 21 or 25) and Maven and put them on the PATH, or use docker-compose.yml.`,
    );
  }
  say(`${missing} is missing; installing default-jdk-headless and maven with apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const sentence = `apt-get could not install ${missing}; install them by hand, or use docker-compose.yml.`;
  await runToEnd(apt, ['update', '-q'], { env, sentence });
  await runToEnd(apt, ['install', '-qy', '--no-install-recommends', 'default-jdk-headless', 'maven'], {
    env,
    sentence,
  });
  const installed = findTools();
  if (!isWhole(installed)) throw new Failure(sentence);
  return installed;
}
