import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, openCache, type Say } from './cache.ts';
import { endpointsOf, removeEndpoints, writeEndpoints, type Endpoints } from './endpoints.ts';
import { Failure, reasonOf } from './failure.ts';
import { anyPorts, choosePorts, type PortName, type Ports } from './ports.ts';
import { findPostgres, postgresUrl, provideEmptyData } from './postgres.ts';
import { endPrograms } from './programs.ts';
import { realmEnvironment } from './realm.ts';
import { loadSecrets, type Secrets } from './secrets.ts';
import { serviceEnvironment, type Role } from './service.ts';
import { takeState, type State } from './state.ts';
import {
  all,
  provideKeycloakParts,
  startKeycloak,
  startMailCatcher,
  startPostgres,
  startRedis,
  startServices,
  startSmsCatcher,
  step,
  type Building,
} from './steps.ts';
import { supervise, type Part } from './supervisor.ts';

/** A part that a stack may have. */
export type PartName = 'postgres' | 'redis' | 'mail' | 'sms' | 'keycloak' | 'services';

/** Everything `npm start` brings up. */
export const wholeStack: readonly PartName[] = ['postgres', 'redis', 'mail', 'sms', 'keycloak', 'services'];

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
  sms: ['SMS_PORT'],
  keycloak: ['KEYCLOAK_PORT'],
  services: ['PORT', 'ADMIN_PORT'],
};

async function startParts(building: Building, wanted: readonly PartName[]): Promise<void> {
  const { cache, parts } = building;
  const wants = (name: PartName): boolean => wanted.includes(name);
  const programs = wants('postgres') ? await findPostgres() : undefined;
  if (programs) building.postgres = programs;
  const empty = programs
    ? await step(building, 'PostgreSQL, an empty data folder', () => provideEmptyData(cache, programs))
    : '';
  const made = wants('keycloak') ? await provideKeycloakParts(building, empty) : undefined;
  await all([
    ...(programs ? [step(building, 'PostgreSQL', () => startPostgres(building, programs, made?.data ?? empty))] : []),
    ...(wants('redis') ? [step(building, 'Redis', () => startRedis(building))] : []),
    ...(wants('mail') ? [step(building, 'mail catcher', () => startMailCatcher(building))] : []),
    ...(wants('sms') ? [step(building, 'text message catcher', () => startSmsCatcher(building))] : []),
  ]);
  if (made) await startKeycloak(building, made);
  if (wants('services')) await startServices(building);
  building.say(`${parts.size} processes run`);
}

async function stopParts({ supervisor, mail, sms, state }: Building): Promise<void> {
  removeEndpoints(state.folder);
  endPrograms();
  await supervisor.stopAll();
  await mail?.stop();
  await sms?.stop();
  state.release();
}

async function begin(options: StackOptions, state: State): Promise<Building> {
  const say = options.say ?? (() => undefined);
  if (state.ended.length > 0) say(`ended what a crashed run had left: ${state.ended.join(', ')}`);
  removeEndpoints(state.folder);
  const used = Object.keys(portsOf).flatMap((name) => portsOf[name as PartName]);
  const mine = options.parts.flatMap((name) => portsOf[name]);
  const wished = options.ports ?? anyPorts;
  const ports = await choosePorts(
    wished,
    used.filter((name) => mine.includes(name) || wished[name] === 0),
  );
  const secrets = loadSecrets(state.folder);
  const supervisor = supervise(state.folder, (failure) => options.onCrash?.(failure));
  return {
    root,
    durable: options.durable ?? true,
    signal: options.signal,
    say,
    state,
    secrets,
    ports,
    cache: openCache(cacheFolder(process.env), say),
    supervisor,
    parts: new Map(),
  };
}

/** What the commands of package.json use while the stack runs. */
const commandEnvironment = (ports: Ports, secrets: Secrets): Record<string, string> => ({
  ...serviceEnvironment(ports, secrets, 'all'),
  ...realmEnvironment(ports, secrets),
  REALM_OVERLAY: 'local',
});

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
    await startParts(building, options.parts);
  } catch (error) {
    await stop();
    options.signal?.throwIfAborted();
    throw error instanceof Failure ? error : new Failure(reasonOf(error));
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
  const endpoints = endpointsOf(ports, secrets);
  writeEndpoints(state.folder, endpoints, commandEnvironment(ports, secrets));
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
