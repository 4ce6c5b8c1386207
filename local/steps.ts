import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Cache, Say } from './cache.ts';
import { adminUser } from './endpoints.ts';
import { Failure } from './failure.ts';
import { ensureAdministrator } from './keycloak-admin.ts';
import { provideKeycloak } from './keycloak-build.ts';
import { archiveName, findKeycloakData, provideKeycloakData } from './keycloak-data.ts';
import { planKeycloak } from './keycloak.ts';
import { startMail, type MailCatcher } from './mail.ts';
import { freePort, type Ports } from './ports.ts';
import { hasData, planPostgres, type PostgresPrograms } from './postgres.ts';
import { ensureJavaTools, type JavaTools } from './programs.ts';
import { plainRealm, settleRealm } from './realm.ts';
import { findRedis, planRedis } from './redis.ts';
import type { Secrets } from './secrets.ts';
import { eventsUrl, hasService, planService, serviceEnvironment, smsAccount } from './service.ts';
import { startSms, type SmsCatcher } from './sms.ts';
import { postgresFolder, type State } from './state.ts';
import type { Part, Supervisor } from './supervisor.ts';

/** What the steps of a start share. */
export interface Building {
  /** The repository's root. */
  root: string;
  durable: boolean;
  signal: AbortSignal | undefined;
  say: Say;
  state: State;
  secrets: Secrets;
  ports: Ports;
  cache: Cache;
  supervisor: Supervisor;
  parts: Map<string, Part>;
  mail?: MailCatcher;
  sms?: SmsCatcher;
  postgres?: PostgresPrograms;
}

/** Does one step, and says how long it took. */
export async function step<T>({ say, signal }: Building, title: string, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const begin = performance.now();
  const result = await work();
  say(`${title.padEnd(44, ' ')} ${((performance.now() - begin) / 1000).toFixed(1).padStart(6)} s`);
  signal?.throwIfAborted();
  return result;
}

/** Keycloak as built, with its tools, and the data folder to begin from. */
export interface KeycloakMade {
  tools: JavaTools;
  built: string;
  /** Undefined when the stack has its data already and none was made for this very realm. */
  data: string | undefined;
}

/** Finds or makes what Keycloak needs; `empty` is what `provideEmptyData` made. */
export async function provideKeycloakParts(building: Building, empty: string): Promise<KeycloakMade> {
  const { cache, say, secrets, supervisor, postgres } = building;
  if (!postgres) throw new Failure('Keycloak needs PostgreSQL in the same stack.');
  const tools = await step(building, 'Java and Maven', () => ensureJavaTools(say));
  const home = process.env['KEYCLOAK_HOME'];
  const built = await step(building, 'Keycloak, built with our jar', () =>
    provideKeycloak(cache, { root: building.root, tools, ...(home ? { home } : {}) }, say),
  );
  const sources = {
    programs: postgres,
    empty,
    built,
    java: tools.java,
    secrets,
    supervisor,
    realm: await plainRealm(),
  };
  const isFirst = !hasData({ programs: postgres, folder: postgresFolder(building.state.folder) });
  const data = isFirst
    ? await step(building, "Keycloak's schema and realm", () => provideKeycloakData(cache, sources, say))
    : findKeycloakData(cache, sources);
  return { tools, built, data };
}

/** Starts PostgreSQL on this stack's data, which begins as a copy of the template. */
export async function startPostgres(building: Building, programs: PostgresPrograms, template: string): Promise<void> {
  const { ports, secrets, state, durable, supervisor, parts } = building;
  const plan = await planPostgres({
    name: 'postgres',
    programs,
    template,
    folder: postgresFolder(state.folder),
    port: ports.POSTGRES_PORT,
    secrets,
    durable,
  });
  parts.set('postgres', await supervisor.start(plan));
}

/** Starts Redis. */
export async function startRedis(building: Building): Promise<void> {
  const { cache, say, ports, secrets, state, durable, supervisor, parts } = building;
  const plan = planRedis({
    server: await findRedis(cache, say),
    folder: path.join(state.folder, 'redis'),
    port: ports.REDIS_PORT,
    password: secrets.redis,
    durable,
  });
  parts.set('redis', await supervisor.start(plan));
}

/** Starts Keycloak, makes its administrator, and gives the realm this stack's secrets and addresses. */
export async function startKeycloak(building: Building, { tools, built, data }: KeycloakMade): Promise<void> {
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
    ...(data ? { archive: { file: path.join(data, archiveName), write: false } } : {}),
  });
  await step(building, 'Keycloak', async () => parts.set('keycloak', await supervisor.start(plan)));
  await step(building, 'realm: secrets and addresses of this stack', async () => {
    await ensureAdministrator(`http://127.0.0.1:${ports.KEYCLOAK_PORT}`, adminUser, secrets.keycloakAdmin);
    await settleRealm(ports, secrets);
  });
}

async function migrate({ root, ports, secrets }: Building): Promise<void> {
  const file = path.join(root, 'src', 'commands', 'migrate.ts');
  if (!existsSync(file)) return;
  const command = (await import(pathToFileURL(file).href)) as {
    migrate(env: Record<string, string>): Promise<unknown>;
  };
  await command.migrate(serviceEnvironment(ports, secrets, 'all'));
}

/** Brings the databases up to date and starts the service, if this clone has one. */
export async function startServices(building: Building): Promise<void> {
  const { root, ports, secrets, supervisor, parts } = building;
  if (!hasService(root)) return;
  await step(building, 'database migrations', () => migrate(building));
  const workerPorts = { ...ports, ADMIN_PORT: await freePort(new Set(Object.values(ports))) };
  const plans = [planService(root, ports, secrets, 'server'), planService(root, workerPorts, secrets, 'worker')];
  await step(building, 'service: server and worker', async () => {
    await all(plans.map(async (plan) => parts.set(plan.name, await supervisor.start(plan))));
  });
}

/** Waits for all, so that nothing is still starting when the first failure is reported. */
export async function all(works: Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Starts the mail catcher, which lives in this process. */
export async function startMailCatcher(building: Building): Promise<void> {
  building.mail = await startMail({ smtp: building.ports.SMTP_PORT, inbox: building.ports.MAIL_PORT });
}

/** Starts the catcher of text messages, which lives in this process. */
export async function startSmsCatcher(building: Building): Promise<void> {
  const { ports, secrets } = building;
  building.sms = await startSms(ports.SMS_PORT, { account: smsAccount, token: secrets.sms });
}
