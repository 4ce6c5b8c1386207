import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { copyFolder, hashOf, type Cache, type Say } from './cache.ts';
import { Failure, reasonOf } from './failure.ts';
import { runToEnd, type JavaTools } from './programs.ts';
import { unpack } from './zip.ts';

/** The release, as in the image of docker-compose.yml. */
export const keycloakVersion = '26.7.3';

/** The published checksum of the distribution's ZIP. */
const zipSha256 = '27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f';

/** What is fixed when Keycloak is built; docker-compose.yml says the same. */
export const buildOptions = ['--db=postgres', '--health-enabled=true', '--metrics-enabled=true'] as const;

/** The name of our jar and of the deny list where Keycloak looks for them. */
export const jarName = 'customer-keycloak.jar';
export const denyListName = 'customer-deny-list.txt';

/** What a build needs. */
export interface KeycloakSources {
  /** The repository's root. */
  root: string;
  tools: JavaTools;
  /** An unpacked distribution to use instead of the one from Maven (`KEYCLOAK_HOME`). */
  home?: string;
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

const mavenEnv = ({ compiler }: JavaTools): NodeJS.ProcessEnv => ({ ...process.env, JAVA_HOME: compiler.home });

async function unpackDistribution({ tools }: KeycloakSources, folder: string): Promise<void> {
  const zips = `${folder}/zip`;
  const artifact = `org.keycloak:keycloak-quarkus-dist:${keycloakVersion}:zip`;
  await runToEnd(tools.maven, ['-B', '-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${zips}`], {
    cwd: folder,
    env: mavenEnv(tools),
    sentence: `Maven could not bring Keycloak ${keycloakVersion}; unpack its ZIP by hand and set KEYCLOAK_HOME to the folder.`,
  });
  const zip = path.join(zips, readdirSync(zips)[0] ?? '');
  const found = await sha256Of(zip);
  if (found !== zipSha256)
    throw new Failure(`Keycloak's ZIP has the checksum ${found} instead of ${zipSha256}; it is not used.`);
  unpack(zip, `${folder}/unpacked`);
  renameSync(`${folder}/unpacked/keycloak-${keycloakVersion}`, `${folder}/server`);
  for (const left of ['zip', 'unpacked']) rmSync(`${folder}/${left}`, { recursive: true });
}

async function copyDistribution(home: string, folder: string): Promise<void> {
  const file = path.join(home, 'version.txt');
  const version = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (!version.includes(keycloakVersion)) {
    throw new Failure(`KEYCLOAK_HOME (${home}) is not the unpacked distribution of Keycloak ${keycloakVersion}.`);
  }
  await copyFolder(home, `${folder}/server`);
}

/** Builds our jar into a folder of its own, since several stacks may build from one clone. */
async function buildJar({ root, tools }: KeycloakSources, folder: string): Promise<string> {
  const target = path.join(folder, 'target');
  const args = [
    '-B',
    '-q',
    '-f',
    path.join(root, 'keycloak', 'pom.xml'),
    'package',
    '-DskipTests',
    `-Doutput.directory=${target}`,
  ];
  await runToEnd(tools.maven, args, {
    cwd: folder,
    env: mavenEnv(tools),
    sentence: 'Maven could not build our jar in keycloak/.',
  });
  return path.join(target, jarName);
}

async function makeDenyList({ root }: KeycloakSources, folder: string): Promise<string> {
  const list = path.join(folder, denyListName);
  await runToEnd(process.execPath, [path.join(root, 'keycloak', 'deny-list.mjs'), list], {
    cwd: root,
    sentence: 'The list of common passwords could not be made.',
  });
  return list;
}

async function assemble(sources: KeycloakSources, folder: string): Promise<void> {
  const hasJar = existsSync(path.join(sources.root, 'keycloak', 'pom.xml'));
  const hasList = existsSync(path.join(sources.root, 'keycloak', 'deny-list.mjs'));
  const made = await Promise.allSettled([
    sources.home ? copyDistribution(sources.home, folder) : unpackDistribution(sources, folder),
    hasJar ? buildJar(sources, folder) : undefined,
    hasList ? makeDenyList(sources, folder) : undefined,
  ]);
  const failed = made.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason instanceof Error ? failed.reason : new Failure(reasonOf(failed.reason));
  const [, jar, list] = made.map((result) => (result.status === 'fulfilled' ? result.value : undefined));
  const place = (file: string, ...to: string[]): void => {
    const target = path.join(folder, 'server', ...to);
    mkdirSync(path.dirname(target), { recursive: true });
    renameSync(file, target);
  };
  if (jar) place(jar, 'providers', jarName);
  if (list) place(list, 'data', 'password-blacklists', denyListName);
  rmSync(path.join(folder, 'target'), { recursive: true, force: true });
}

/**
 * Keycloak with our jar and the deny list, built for PostgreSQL, in the folder `server` of the answer.
 *
 * @throws Failure with the tail of what failed: Maven, the checksum, or Keycloak's own build
 */
export async function provideKeycloak(cache: Cache, sources: KeycloakSources, say: Say): Promise<string> {
  const { root, home, tools } = sources;
  const own = (name: string): string => hashOf(path.join(root, 'keycloak', name));
  const inputs = {
    zip: home ? hashOf(path.join(home, 'lib')) : zipSha256,
    sources: ['pom.xml', 'src', 'theme', 'deny-list.mjs'].map(own),
    buildOptions,
  };
  return cache.provide('keycloak', inputs, async (folder) => {
    say('building Keycloak with our jar (once; a minute or two)');
    await assemble(sources, folder);
    await runToEnd(`${folder}/server/bin/kc.sh`, ['build', ...buildOptions], {
      cwd: folder,
      env: { ...process.env, JAVA_HOME: tools.java.home },
      sentence: `Keycloak's build failed.`,
    });
  });
}
