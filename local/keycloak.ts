import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { linkFolder } from './cache.ts';
import type { Java } from './programs.ts';
import type { PartPlan } from './supervisor.ts';

/** The realm of the customers. */
export const realmName = 'customer';

/** How one Keycloak is to run. */
export interface KeycloakOptions {
  name: string;
  /** What `provideKeycloak` made. */
  built: string;
  java: Java;
  /** Where this stack's copy, its settings and its temporary files lie. */
  folder: string;
  port: number;
  managementPort: number;
  database: { url: string; user: string; password: string };
  /** Settings of our jar: where its listener delivers, and the key that signs. */
  events?: { url: string; key: string };
  /** A realm to import when the database does not have it. */
  realm?: object;
  /** Settings of `keycloak.conf` instead of ours or besides them. */
  settings?: Record<string, string>;
  /** An archive of loaded classes, which saves a fifth of the time to start. */
  archive?: { file: string; write: boolean };
}

/** Flags of Java: small and quick to start (half the CPU of Keycloak's own flags until it is ready) rather than fast for long (bcrypt takes a fifth more). */
export const smallMachine = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Xms64m',
  '-Xmx384m',
  '-XX:MaxMetaspaceSize=256m',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.security.egd=file:/dev/urandom',
  '-Dfile.encoding=UTF-8',
];

/** What `kc.sh` gives to Java; run without it, so that the process we know is Keycloak itself. */
function javaArguments({ folder, archive, realm }: KeycloakOptions): string[] {
  const open = ['java.util', 'java.util.concurrent', 'java.security', 'java.lang'];
  const archiving = archive?.write ? '-XX:ArchiveClassesAtExit' : '-XX:SharedArchiveFile';
  const isArchived = archive && (archive.write || existsSync(archive.file));
  return [
    ...smallMachine,
    ...(isArchived ? [`${archiving}=${archive.file}`, '-Xshare:auto', '-Xlog:cds=off', '-Xlog:cds+dynamic=off'] : []),
    ...open.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
    '--enable-native-access=ALL-UNNAMED',
    '-Duser.language=en',
    '-Duser.country=US',
    '-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory',
    `-Dkc.home.dir=${folder}/server`,
    `-Djboss.server.config.dir=${folder}/server/conf`,
    '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
    '-Dpicocli.disable.closures=true',
    '-Dquarkus-log-max-startup-records=10000',
    '-cp',
    `${folder}/server/lib/quarkus-run.jar`,
    'io.quarkus.bootstrap.runner.QuarkusEntryPoint',
    `--config-file=${folder}/keycloak.conf`,
    'start',
    '--optimized',
    ...(realm ? ['--import-realm'] : []),
  ];
}

/** A file rather than arguments, which every user of the machine can read. */
function writeSettings({ folder, port, managementPort, database, events, settings: more }: KeycloakOptions): void {
  const settings: Record<string, string> = {
    hostname: `http://localhost:${port}`,
    'http-enabled': 'true',
    // One node: without it, Keycloak looks for others on every address of the machine.
    cache: 'local',
    'http-host': '127.0.0.1',
    'http-port': String(port),
    'http-management-port': String(managementPort),
    'db-url': database.url,
    'db-username': database.user,
    'db-password': database.password,
    'db-pool-max-size': '20',
    // Otherwise a line for each time we ask whether it is ready.
    'log-level': 'info,io.smallrye.health:error',
    ...(events
      ? {
          'spi-events-listener--customer-events--url': events.url,
          'spi-events-listener--customer-events--key': events.key,
        }
      : {}),
    ...more,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  writeFileSync(path.join(folder, 'keycloak.conf'), `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** The copy shares its files with the cache: Keycloak replaces files but never writes into those it was built from. */
async function placeServer({ folder, built, realm }: KeycloakOptions): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const server = path.join(folder, 'server');
  for (const left of [server, `${server}.half`]) rmSync(left, { recursive: true, force: true });
  await linkFolder(path.join(built, 'server'), `${server}.half`);
  renameSync(`${server}.half`, server);
  if (!realm) return;
  mkdirSync(path.join(server, 'data', 'import'), { recursive: true });
  writeFileSync(path.join(server, 'data', 'import', `${realmName}-realm.json`), JSON.stringify(realm), { mode: 0o600 });
}

/** Makes this stack's copy of the built Keycloak and says how to run it. */
export async function planKeycloak(options: KeycloakOptions): Promise<PartPlan> {
  const { folder, java, managementPort } = options;
  await placeServer(options);
  writeSettings(options);
  return {
    name: options.name,
    command: path.join(java.home, 'bin', 'java'),
    args: javaArguments(options),
    cwd: folder,
    env: { PATH: process.env['PATH'], JAVA_HOME: java.home },
    stopSignal: 'SIGTERM',
    graceSeconds: 30,
    isReady: () => answers(`http://127.0.0.1:${managementPort}/health/ready`),
    readyWithinSeconds: 300,
  };
}

/** Whether an address answers 200 within two seconds. */
export async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await answer.body?.cancel();
    return answer.status === 200;
  } catch {
    return false;
  }
}
