import { createServer, type Server } from 'node:http';
import type { AddressInfo, Server as Listener } from 'node:net';
import type { Redis } from 'ioredis';
import type { Parts } from './context.ts';
import { Unavailable } from './domain/errors.ts';
import { entities } from './entities.ts';

import { createJournal } from './messaging/journal.ts';
import { createLiveUpdates } from './messaging/live-updates.ts';
import { createTextMessages } from './messaging/text-messages.ts';
import { openWork, type WorkQueue } from './messaging/work.ts';
import { systemClock } from './platform/clock.ts';
import { type Config, ConfigError, readConfig } from './platform/config.ts';
import { openDatabase, openPool } from './platform/database.ts';
import { createKeyedHash } from './platform/keyed-hash.ts';
import { KeycloakUsers } from './platform/keycloak.ts';
import { KeycloakRows } from './platform/keycloak-rows.ts';
import { readForeign, withFallback } from './platform/fallback-tokens.ts';
import { createGrantVerifier } from './platform/keycloak-connect-verifier.ts';
import { CustomerKeys } from './platform/keys.ts';
import { createLog, type Log } from './platform/log.ts';
import { createMailSender, type MailSender } from './platform/mail.ts';
import { createFigures, createMetrics, type Metrics } from './platform/metrics.ts';
import { createSeal } from './platform/personal-data.ts';
import { createRateLimits } from './platform/rate-limits.ts';
import { openRedis } from './platform/redis.ts';
import { createSmsGateway } from './platform/sms.ts';
import { watchRevocations } from './platform/revocations.ts';
import { withinSession } from './platform/session-limit.ts';
import { createTokenVerifier, type TokenVerifier } from './platform/token-verifier.ts';
import { isOpen } from './read-model/subjects.ts';
import { adminHandler } from './server/admin.ts';
import { contexts } from './server/contexts.ts';
import { deliveriesInto } from './server/deliveries.ts';
import { createGraph } from './server/graphql.ts';
import { createGrpcServer } from './server/grpc.ts';
import { createPublicServer } from './server/http.ts';
import { limits } from './server/limits.ts';
import { registrationsInto } from './server/registrations.ts';
import { createRoutes } from './server/routes.ts';
import { serveSockets } from './server/sockets.ts';
import { statusOf } from './server/status.ts';
import { unprovenAccountForms } from './server/unproven-accounts.ts';
import { createStreams } from './server/streams.ts';
import { textMessageForms } from './server/text-messages.ts';
import { allTasks, startWorker } from './worker/worker.ts';

/** A running service. */
export interface Running {
  /** Where it listens; undefined for a worker. */
  readonly publicUrl?: string;
  readonly adminUrl: string;
  /** Where gRPC is; undefined for a worker. */
  readonly grpcUrl?: string;
  readonly parts: Parts;
  /** Ends it: what is under way is finished, at most within 25 seconds. */
  stop(): Promise<void>;
}

/** What was opened, to be closed in the opposite order. */
class Opened {
  readonly #closers: (() => Promise<unknown>)[] = [];

  add<T>(thing: T, close: (thing: T) => Promise<unknown>): T {
    this.#closers.push(() => close(thing));
    return thing;
  }

  async closeAll(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close().catch(() => undefined);
  }
}

interface Connections {
  readonly parts: Parts;
  readonly redis: Redis;
  readonly queue: WorkQueue;
  readonly metrics: Metrics;
  readonly keysPool: ReturnType<typeof openPool>;
}

const quit = (redis: Redis): Promise<unknown> => redis.quit().catch(() => redis.disconnect());

function openKeycloakRows({ keycloak }: Config, opened: Opened): KeycloakRows | undefined {
  if (!keycloak.databaseUrl) return undefined;
  const pool = opened.add(openPool({ url: keycloak.databaseUrl, pool: 2 }), (one) => one.end());
  return new KeycloakRows(pool, keycloak.realm);
}

async function connect(config: Config, log: Log, opened: Opened): Promise<Connections> {
  const clock = systemClock;
  const metrics = createMetrics();
  const { orm, pool } = opened.add(await openDatabase(config.database, entities), (database) => database.close());
  const keysPool = opened.add(openPool({ url: config.database.keysUrl, pool: 4 }), (one) => one.end());
  const redis = opened.add(openRedis(config.redis.url, log), quit);
  const live = opened.add(createLiveUpdates(openRedis(config.redis.url, log, true), pool, log), (one) => one.stop());
  const keys = new CustomerKeys(keysPool, config.keys.encryption);
  const seal = createSeal();
  const emailIndex = createKeyedHash('email', config.keys.index);
  const fingerprints = createKeyedHash('keycloak-user', config.keys.index);
  const phoneIndex = createKeyedHash('phone', config.keys.index);
  const sealing = { keys, seal, emailIndex, phoneIndex };
  const { transactAs } = createJournal({ orm, ...sealing, clock, source: config.events.source });
  const queue = opened.add(await openWork(config.database.url, taskNames, log), (one) => one.stop());
  const keycloak = new KeycloakUsers(config.keycloak, clock, (seconds) => new Unavailable(seconds));
  const keycloakRows = openKeycloakRows(config, opened);
  const rateLimits = createRateLimits(redis, config.keys.token, clock);
  const gateway = createSmsGateway(config.sms.gateway);
  const texting = { config: config.sms, gateway, limits: rateLimits, pool, clock, log, metrics };
  const parts: Parts = {
    config,
    clock,
    log,
    pool,
    transactAs,
    ...sealing,
    fingerprints,
    keycloak,
    keycloakRows,
    live,
    work: queue,
    limits: rateLimits,
    figures: createFigures(metrics),
    textMessages: createTextMessages(texting),
  };
  return { parts, redis, queue, metrics, keysPool };
}

// Names alone need nothing of what the tasks run with.
const taskNames = allTasks({} as Parts, {} as MailSender).map(({ name }) => name);

function listen(server: Listener, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

async function drain(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const patience = setTimeout(() => server.closeAllConnections(), limits.drainMs);
  await closed;
  clearTimeout(patience);
}

/** Staff and services may touch records of others. */
const isForOthers = (permission: string): boolean => permission !== 'customer:self';

/** With a second issuer: its tokens too, for whoever is linked there (design, decision 29). */
function bothIssuers(inner: TokenVerifier, { config, clock, pool }: Parts): TokenVerifier {
  const { fallback } = config;
  if (!fallback) return inner;
  const { issuer, audience, keysUrl, client } = fallback;
  const access = { issuer, audience, keysUrl, clients: [client.id], foreign: readForeign };
  const verifier = withinSession(createTokenVerifier(access, clock), { client: client.id, ...config.session }, clock);
  return withFallback(inner, { issuer, verifier, isOpen: (identity) => isOpen(pool, identity) });
}

async function startPublic(
  { parts, metrics }: Connections,
  opened: Opened,
): Promise<{ port: number; grpcPort: number }> {
  const { config, clock, log } = parts;
  const { issuer, url, realm } = config.keycloak;
  const keysUrl = `${url}/realms/${realm}/protocol/openid-connect/certs`;
  const impossible = (): void => parts.figures.incident('impossible_token');
  const any = createTokenVerifier({ issuer, keysUrl, ...config.tokens }, clock, impossible);
  const local = withinSession(any, { client: config.keycloak.bff.id, ...config.session }, clock);
  const access = { url, issuer, realm, audience: config.tokens.audience, client: config.keycloak.service };
  const careful = createGrantVerifier(local, access, ({ permissions }) => permissions.some(isForOthers));
  const verifier = bothIssuers(careful, parts);
  const revocations = opened.add(await watchRevocations(config.database.url, clock, log), (one) => one.stop());
  const graph = createGraph({ introspection: config.server.introspection, production: config.production, log });
  const contextFor = contexts(parts);
  const http = {
    config,
    log,
    metrics,
    graph,
    verifier,
    revocations,
    routes: createRoutes(config, clock, (code) => statusOf[code]),
    contextFor,
    streams: createStreams(clock, revocations),
  };
  const server = createPublicServer(http);
  opened.add(server, drain);
  opened.add(serveSockets(http, server), (one) => one.stop());
  const calls = await createGrpcServer({ parts, metrics, verifier, revocations, contextFor });
  const grpc = opened.add(calls, (one) => one.stop());
  const { host } = config.server;
  return {
    port: await listen(server, host, config.server.port),
    grpcPort: await listen(grpc.server, host, config.server.grpcPort),
  };
}

function startAdmin({ parts, redis, keysPool, metrics }: Connections, opened: Opened): Promise<number> {
  const { config, clock, log, pool } = parts;
  const handler = adminHandler({
    clock,
    log,
    metrics,
    eventsKey: config.keycloak.eventsKey,
    receive: deliveriesInto(parts),
    forms: {
      ...textMessageForms(parts),
      ...unprovenAccountForms(parts),
      '/internal/registrations': registrationsInto(contexts(parts)),
    },
    checks: [
      { name: 'database', check: async () => void (await pool.query('select 1')) },
      { name: 'keys database', check: async () => void (await keysPool.query('select 1')) },
      { name: 'redis', soft: true, check: async () => void (await redis.ping()) },
      {
        name: 'dead letters',
        soft: true,
        check: async () => {
          const { rowCount } = await pool.query('select from dead_letter where settled_at is null limit 1');
          if (rowCount) throw new Error('There are dead letters.');
        },
      },
    ],
  });
  const server = opened.add(createServer({ maxHeaderSize: limits.headerBytes }, handler), drain);
  return listen(server, config.server.adminHost, config.server.adminPort);
}

/**
 * Starts the service in the role that the configuration names.
 *
 * @throws when something it cannot be without is not there; what was opened is closed again
 */
export async function run(config: Config, log: Log = createLog(config.log.level)): Promise<Running> {
  const opened = new Opened();
  try {
    const connections = await connect(config, log, opened);
    const { parts, queue, redis, metrics } = connections;
    if (config.role !== 'server') {
      const mail = createMailSender(config.mail);
      opened.add(await startWorker({ parts, queue, redis, mail, metrics }), (one) => one.stop());
    }
    const ports = config.role === 'worker' ? undefined : await startPublic(connections, opened);
    const adminPort = await startAdmin(connections, opened);
    const { host } = config.server;
    if (!config.sms.gateway) log.warn('no gateway for text messages is set up: nobody gets a code by one');
    log.info({ role: config.role, ...ports, adminPort }, 'ready');
    return {
      ...(ports && { publicUrl: `http://${host}:${ports.port}`, grpcUrl: `http://${host}:${ports.grpcPort}` }),
      adminUrl: `http://${config.server.adminHost}:${adminPort}`,
      parts,
      stop: () => opened.closeAll(),
    };
  } catch (error) {
    await opened.closeAll();
    throw error;
  }
}

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLog(config.log.level);
  const running = await run(config, log);
  // The last resort: told, and served on; a supervisor that restarts would only lose what is under way.
  process.on('uncaughtException', (error) => log.error({ err: error }, 'nobody caught an error'));
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'nobody caught a rejection'));
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), 25_000).unref();
    void running.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    const told =
      error instanceof ConfigError
        ? error.message
        : `The service did not start: ${error instanceof Error ? error.message : 'unknown'}`;
    process.stderr.write(`${told}\n`);
    process.exit(1);
  });
}
