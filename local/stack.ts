import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { existsSync } from 'node:fs';
import { cacheFolder, openCache, type Cache, type Say } from './cache.ts';
import { adminUser, endpointsOf, removeEndpoints, writeEndpoints, type Endpoints } from './endpoints.ts';
import { Failure, reasonOf } from './failure.ts';
import { provideKeycloak } from './keycloak-build.ts';
import { archiveName, provideKeycloakData } from './keycloak-data.ts';
import { planKeycloak } from './keycloak.ts';
import { startMail, type MailCatcher } from './mail.ts';
import { anyPorts, choosePorts, freePort, type PortName, type Ports } from './ports.ts';
import { findPostgres, planPostgres, postgresUrl, provideEmptyData, type PostgresPrograms } from './postgres.ts';
import { endPrograms, ensureJavaTools, type JavaTools } from './programs.ts';
import { plainRealm, settleRealm } from './realm.ts';
import { findRedis, planRedis } from './redis.ts';
import { loadSecrets, type Secrets } from './secrets.ts';
import { eventsUrl, hasService, planService, serviceEnvironment, type Role } from './service.ts';
import { postgresFolder, takeState, type State } from './state.ts';
import { supervise, type Part, type Supervisor } from './supervisor.ts';

/** A part that a stack may have. */
export type PartName = 'postgres' | 'redis' | 'mail' | 'keycloak' | 'services';

/** Everything `npm start` brings up. */
export const wholeStack: readonly PartName[] = ['postgres', 'redis', 'mail', 'keycloak', 'services'];

/** What is to run, and where. */
export interface StackOptions {
  parts: readonly PartName[];
  /** Where its data, logs and secrets lie. Without one: a folder that is deleted at the end. */
  stateDir?: string;
  /** Wished ports, 0 for any free one; without: any free ones. Those of parts that do not run are chosen too. */
  ports?: Ports;
  /** False lets PostgreSQL and Redis skip the disk, for tests. */
  durable?: boolean;
  /** Forget what an earlier run left in the state folder. */
  fresh?: boolean;
  /** Hears one line per step. */
  say?: Say;
  /** Told when a part ends by itself; without it, only its log says so. */
  onCrash?: (failure: Failure) => void;
  /** Ends a start that is under way. */
  signal?: AbortSignal;
}

/** A running stack. */
export interface Stack {
  readonly stateDir: string;
  readonly ports: Ports;
  readonly endpoints: Endpoints;
  /** PostgreSQL's superuser, who may make and drop databases; not in `endpoints.json`. */
  readonly superuserUrl: string;
  /** The processes by name (postgres, redis, keycloak, service-server, service-worker), for drills that kill and start them. */
  readonly parts: ReadonlyMap<string, Part>;
  /** What a process of the service needs in its environment to use this stack. */
  environment(role: Role): Record<string, string>;
  /** Ends everything, the last part first. */
  stop(): Promise<void>;
}

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const portsOf: Record<PartName, readonly PortName[]> = {
  postgres: ['POSTGRES_PORT'],
  redis: ['REDIS_PORT'],
  mail: ['MAIL_PORT', 'SMTP_PORT'],
  keycloak: ['KEYCLOAK_PORT'],
  services: ['PORT', 'ADMIN_PORT'],
};

/** What the steps of a start share. */
interface Building {
  options: StackOptions;
  say: Say;
  state: State;
  secrets: Secrets;
  ports: Ports;
  cache: Cache;
  supervisor: Supervisor;
  parts: Map<string, Part>;
  mail?: MailCatcher;
  postgres?: PostgresPrograms;
}

/** Does one step, and says how long it took. */
async function step<T>({ say, options }: Building, title: string, work: () => Promise<T>): Promise<T> {
  options.signal?.throwIfAborted();
  const begin = performance.now();
  const result = await work();
  say(`${title.padEnd(44, ' ')} ${((performance.now() - begin) / 1000).toFixed(1).padStart(6)} s`);
  options.signal?.throwIfAborted();
  return result;
}

/** Keycloak as built, with its tools, and the data folder to begin from. */
interface KeycloakMade {
  tools: JavaTools;
  built: string;
  data: string;
}

async function provideKeycloakParts(building: Building, empty: string): Promise<KeycloakMade> {
  const { cache, say, secrets, supervisor, postgres } = building;
  if (!postgres) throw new Failure('Keycloak needs PostgreSQL in the same stack.');
  const tools = await step(building, 'Java and Maven', () => ensureJavaTools(say));
  const home = process.env['KEYCLOAK_HOME'];
  const built = await step(building, 'Keycloak, built with our jar', () =>
    provideKeycloak(cache, { root, tools, ...(home ? { home } : {}) }, say),
  );
  const sources = { programs: postgres, empty, built, java: tools.java, secrets, supervisor, realm: await plainRealm() };
  const data = await step(building, "Keycloak's schema and realm", () => provideKeycloakData(cache, sources, say));
  return { tools, built, data };
}

async function startPostgres(building: Building, programs: PostgresPrograms, template: string): Promise<void> {
  const { ports, secrets, state, options, supervisor, parts } = building;
  const plan = await planPostgres({
    name: 'postgres',
    programs,
    template,
    folder: postgresFolder(state.folder),
    port: ports.POSTGRES_PORT,
    secrets,
    durable: options.durable ?? true,
  });
  parts.set('postgres', await supervisor.start(plan));
}

async function startRedis(building: Building): Promise<void> {
  const { cache, say, ports, secrets, state, options, supervisor, parts } = building;
  const plan = planRedis({
    server: await findRedis(cache, say),
    folder: path.join(state.folder, 'redis'),
    port: ports.REDIS_PORT,
    password: secrets.redis,
    durable: options.durable ?? true,
  });
  parts.set('redis', await supervisor.start(plan));
}

async function startKeycloak(building: Building, { tools, built, data }: KeycloakMade): Promise<void> {
  const { ports, secrets, state, supervisor, parts } = building;
  const plan = await planKeycloak({
    name: 'keycloak',
    built,
    java: tools.java,
    folder: path.join(state.folder, 'keycloak'),
    port: ports.KEYCLOAK_PORT,
    managementPort: await freePort(new Set(Object.values(ports))),
    database: {
      url: `jdbc:postgresql://127.0.0.1:${ports.POSTGRES_PORT}/keycloak`,
      user: 'keycloak',
      password: secrets.postgresKeycloak,
    },
    events: { url: eventsUrl(ports), key: secrets.keycloakEvents },
    admin: { name: adminUser, password: secrets.keycloakAdmin },
    archive: { file: path.join(data, archiveName), write: false },
  });
  parts.set('keycloak', await supervisor.start(plan));
}

async function migrate({ ports, secrets }: Building): Promise<void> {
  const file = path.join(root, 'src', 'commands', 'migrate.ts');
  if (!existsSync(file)) return;
  const command = (await import(pathToFileURL(file).href)) as { migrate(env: Record<string, string>): Promise<unknown> };
  await command.migrate(serviceEnvironment(ports, secrets, 'all'));
}

async function startServices(building: Building): Promise<void> {
  const { ports, secrets, supervisor, parts } = building;
  if (!hasService(root)) return;
  await step(building, 'database migrations', () => migrate(building));
  const workerPorts = { ...ports, ADMIN_PORT: await freePort(new Set(Object.values(ports))) };
  const plans = [planService(root, ports, secrets, 'server'), planService(root, workerPorts, secrets, 'worker')];
  await step(building, 'service: server and worker', async () => {
    await all(plans.map(async (plan) => parts.set(plan.name, await supervisor.start(plan))));
  });
}

/** Waits for all, so that nothing is still starting when the first failure is reported. */
async function all(works: Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function startParts(building: Building): Promise<void> {
  const { options, ports, cache, parts } = building;
  const wants = (name: PartName): boolean => options.parts.includes(name);
  const programs = wants('postgres') ? await findPostgres() : undefined;
  if (programs) building.postgres = programs;
  const empty = programs ? await step(building, 'PostgreSQL, an empty data folder', () => provideEmptyData(cache, programs)) : '';
  const made = wants('keycloak') ? await provideKeycloakParts(building, empty) : undefined;
  await all([
    ...(programs ? [step(building, 'PostgreSQL', () => startPostgres(building, programs, made?.data ?? empty))] : []),
    ...(wants('redis') ? [step(building, 'Redis', () => startRedis(building))] : []),
    ...(wants('mail') ? [step(building, 'mail catcher', () => startMailCatcher(building))] : []),
  ]);
  if (made) {
    await step(building, 'Keycloak', () => startKeycloak(building, made));
    await step(building, 'realm: secrets and addresses of this stack', () => settleRealm(ports, building.secrets));
  }
  if (wants('services')) await startServices(building);
  building.say(`${parts.size} processes run`);
}

async function startMailCatcher(building: Building): Promise<void> {
  building.mail = await startMail({ smtp: building.ports.SMTP_PORT, inbox: building.ports.MAIL_PORT });
}

async function stopParts({ supervisor, mail, state }: Building): Promise<void> {
  removeEndpoints(state.folder);
  endPrograms();
  await supervisor.stopAll();
  await mail?.stop();
  state.release();
}

async function begin(options: StackOptions, state: State): Promise<Building> {
  const say = options.say ?? (() => undefined);
  if (state.ended.length > 0) say(`ended what a crashed run had left: ${state.ended.join(', ')}`);
  removeEndpoints(state.folder);
  const used = Object.keys(portsOf).flatMap((name) => portsOf[name as PartName]);
  const mine = options.parts.flatMap((name) => portsOf[name]);
  const wished = options.ports ?? anyPorts;
  const ports = await choosePorts(wished, used.filter((name) => mine.includes(name) || wished[name] === 0));
  const secrets = loadSecrets(state.folder);
  const supervisor = supervise(state.folder, (failure) => options.onCrash?.(failure));
  return { options, say, state, secrets, ports, cache: openCache(cacheFolder(process.env), say), supervisor, parts: new Map() };
}

/**
 * Starts a stack and waits until every part of it can be used.
 *
 * @throws Failure when a step fails, after everything already started was ended again
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const state = await takeState(options.stateDir, options.fresh ?? false);
  const building = await begin(options, state).catch((error: unknown) => {
    state.release();
    throw error;
  });
  const { ports, secrets, parts, supervisor } = building;
  const killAll = (): void => supervisor.killAll();
  process.once('exit', killAll);
  const abort = (): void => {
    endPrograms();
    void supervisor.stopAll();
  };
  options.signal?.addEventListener('abort', abort, { once: true });
  const stop = async (): Promise<void> => {
    await stopParts(building);
    process.off('exit', killAll);
  };
  try {
    await startParts(building);
  } catch (error) {
    await stop();
    throw error instanceof Failure ? error : new Failure(reasonOf(error));
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
  const endpoints = endpointsOf(ports, secrets);
  writeEndpoints(state.folder, endpoints);
  return {
    stateDir: state.folder,
    ports,
    endpoints,
    superuserUrl: postgresUrl(ports.POSTGRES_PORT, 'postgres', secrets.postgres, 'postgres'),
    parts,
    environment: (role) => serviceEnvironment(ports, secrets, role),
    stop,
  };
}
