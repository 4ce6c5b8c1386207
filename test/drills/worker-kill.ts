import { Redis } from 'ioredis';
import pg from 'pg';
import type { Stack } from '../../local/stack.ts';
import type { Part } from '../../local/supervisor.ts';
import { enough, graphOf, type Guest, type Say, signedInGuests, withService } from '../support/drill-world.ts';
import { factsOf, holesIn, publishedFacts, streamFaults, waitingFacts } from '../support/facts.ts';
import { askGraph } from '../support/graph-client.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { Load } from '../support/load.ts';
import { until } from '../support/patience.ts';
import type { User } from '../support/people.ts';
import { holdLanes, isWaitedFor, lockRows } from '../support/row-lock.ts';
import type { RunningService } from '../support/running-service.ts';
import { fieldsThatDiffer, seenCustomers } from '../support/seen-customers.ts';
import { withProcess } from '../support/service-process.ts';

/** Where in a write-back the worker died: while Keycloak was being asked, or before we noted that it has the names. */
type Middle = 'being written' | 'written, not noted';

/** What the kills did. Every list is empty when nothing was lost. */
export interface WorkerKill {
  /** Facts that were in the stream and not marked when the worker died; each came again. */
  readonly repeated: number;
  /** Facts that are missing, out of order, or told under two ids. */
  readonly stream: readonly string[];
  /** Acknowledged changes that are not there, or told of other than once. */
  readonly lost: readonly string[];
  /** Customers whose name at Keycloak is not ours. */
  readonly drift: readonly string[];
  /** Jobs that were given up. */
  readonly jobsFailed: number;
  /** How long after the new start each killed write-back was whole. */
  readonly jobs: readonly { readonly middle: Middle; readonly seconds: number }[];
  readonly acknowledged: number;
}

/** What a kill works on. */
interface Scene {
  readonly stack: Stack;
  readonly service: RunningService;
  readonly worker: Part;
  readonly redis: Redis;
  /** PostgreSQL's superuser, who sees who waits. */
  readonly superuser: pg.Pool;
}

const patienceMs = 60_000;
const unmarked = 'select id from outbox where published_at is null order by id for update';

/** Kills the worker when facts are in the stream and their rows cannot be marked. Returns how many came twice. */
async function killBetweenPublishAndMark({ stack, service, worker, redis }: Scene): Promise<number> {
  const { url } = stack.endpoints.postgres;
  const letLanesGo = await holdLanes(url);
  await until('Facts wait', async () => (await waitingFacts(service.parts.pool)) >= 8);
  const rows = await lockRows(url, unmarked);
  await letLanesGo();
  const held = new Set(rows.ids);
  const told = async (): Promise<string[]> =>
    (await publishedFacts(redis)).map(({ id }) => id).filter((id) => held.has(id));
  await until('Facts are in the stream', async () => (await told()).length > 0);
  await worker.kill('SIGKILL');
  const unmarkedYet = await told();
  await rows.release();
  await worker.start();
  await until('They come again', async () => {
    const counts = Map.groupBy(await told(), (id) => id);
    return unmarkedYet.every((id) => counts.get(id)?.length === 2);
  });
  return unmarkedYet.length;
}

const update = `mutation ($i: UpdateProfileInput!) { updateProfile(input: $i) { __typename } }`;

async function rename(stack: Stack, { busy }: Guest, givenName: string): Promise<void> {
  const { data } = await askGraph(graphOf(stack), busy.who, '{ me { version } }');
  const input = { expectedVersion: data['me']?.version as number, givenName };
  const { outcome } = await askGraph(graphOf(stack), busy.who, update, { i: input });
  if (outcome !== 'done') throw new Error(`The name was not changed: ${outcome}.`);
}

async function userOf(stack: Stack, { person }: Guest): Promise<User> {
  const admin = await openAdmin(stack.endpoints);
  return (await (await admin('GET', `/users/${person.subject}`)).json()) as User;
}

const openJobs = `select from jobs.job where name = 'identity.tell-provider' and data->>'key' = $1
  and state in ('created', 'retry', 'active')`;

/** Kills the worker in the middle of a write-back, and waits until the next one has made it whole. */
async function killInTheJob({ stack, service, worker, superuser }: Scene, guest: Guest, middle: Middle) {
  const { pool } = service.parts;
  const customer = (await seenCustomers(service.parts)).get(guest.person.subject)?.id;
  const keycloakUrl = Object.assign(new URL(stack.superuserUrl), { pathname: '/keycloak' }).href;
  const name = `Told ${middle}`;
  // Keycloak's own write is held up: from when it waits until it is let go, the job is under way.
  const user = await lockRows(keycloakUrl, 'select id from user_entity where id = $1 for update', [
    guest.person.subject,
  ]);
  await rename(stack, guest, name);
  await until('Keycloak writes', () => isWaitedFor(superuser, 'keycloak'));
  if (middle === 'written, not noted') {
    const own = await lockRows(stack.endpoints.postgres.url, 'select id from customer where id = $1 for update', [
      customer,
    ]);
    await user.release();
    await until('Keycloak has it', async () => (await userOf(stack, guest)).firstName === name);
    await until('We note it', () => isWaitedFor(superuser, 'customer'));
    await worker.kill('SIGKILL');
    await own.release();
  } else {
    await worker.kill('SIGKILL');
    await user.release();
  }
  await worker.start();
  const milliseconds = await until(
    'The job is whole',
    async () => !(await pool.query(openJobs, [customer])).rowCount && (await userOf(stack, guest)).firstName === name,
  );
  return { middle, seconds: milliseconds / 1000 };
}

/** Customers whose names the two sides do not agree on. */
async function driftOf({ stack, service }: Scene, guests: readonly Guest[]): Promise<string[]> {
  return fieldsThatDiffer(
    stack.endpoints,
    service.parts,
    guests.map(({ person }) => person.subject),
  );
}

const failedJobs = `select count(*)::int as n from jobs.job where state = 'failed'`;
const ofThese = `select customer_id as id from identity_link where subject = any($1)`;

async function killAgainAndAgain(scene: Scene, rounds: number): Promise<WorkerKill> {
  const { stack, service, redis } = scene;
  const { pool } = service.parts;
  const guests = await signedInGuests(stack, 5);
  const [quiet, ...busy] = guests as [Guest, ...Guest[]];
  const load = new Load(
    graphOf(stack),
    busy.map((guest) => guest.busy),
  );
  await enough(load.samples, 40);
  let repeated = 0;
  const jobs: WorkerKill['jobs'][number][] = [];
  for (let n = 0; n < rounds; n += 1) {
    repeated += await killBetweenPublishAndMark(scene);
    jobs.push(await killInTheJob(scene, quiet, n % 2 ? 'being written' : 'written, not noted'));
  }
  await load.stop();
  await until('Every fact is told', async () => !(await waitingFacts(pool)), patienceMs);
  await until('Both sides agree', async () => !(await driftOf(scene, guests)).length, patienceMs).catch(() => 0);
  const ids = (await pool.query<{ id: string }>(ofThese, [guests.map(({ person }) => person.subject)])).rows;
  const hers = new Set(ids.map(({ id }) => id));
  const facts = (await factsOf(pool)).filter(({ subject }) => hers.has(subject));
  const read = (await publishedFacts(redis)).filter(({ subject }) => hers.has(subject));
  return {
    repeated,
    jobs,
    stream: [...holesIn(facts), ...streamFaults(read, facts)],
    lost: await load.lost(service.parts),
    drift: await driftOf(scene, guests),
    jobsFailed: (await pool.query<{ n: number }>(failedJobs)).rows[0]?.n ?? 0,
    acknowledged: [...load.acknowledged.values()].flat().length,
  };
}

/** A killed job runs again after 14 s; three times as long is a failure. */
export const slowestJobSeconds = 42;

/** Whether nothing was lost and every killed job was done. */
export function isWorkerDrillWhole({ repeated, stream, lost, drift, jobs, jobsFailed }: WorkerKill): boolean {
  const inTime = jobs.every(({ seconds }) => seconds <= slowestJobSeconds);
  return inTime && repeated > 0 && !stream.length && !lost.length && !drift.length && !jobsFailed;
}

/**
 * A worker is killed between publishing and marking, and in the middle of a job, while customers change.
 *
 * @param rounds  each kills it once in either place
 */
export async function workerKill(stack: Stack, rounds: number, say: Say): Promise<WorkerKill> {
  const redis = new Redis(stack.endpoints.redis.url);
  const superuser = new pg.Pool({ connectionString: stack.superuserUrl, max: 2 });
  try {
    const found = await withService(stack.environment('server'), (service) =>
      withProcess(stack, 'worker', (worker) => killAgainAndAgain({ stack, service, worker, redis, superuser }, rounds)),
    );
    say(
      `worker killed ${2 * rounds} times, ${found.acknowledged} changes acknowledged meanwhile: ${found.repeated} facts came twice under one id, ` +
        `${found.stream.length} missing or out of order, ${found.lost.length} changes lost, ${found.drift.length} names differ, ${found.jobsFailed} jobs given up`,
    );
    for (const { middle, seconds } of found.jobs)
      say(`  write-back killed while ${middle}: whole ${seconds.toFixed(1)} s after the start`);
    for (const line of [found.stream, found.lost, found.drift].flat().slice(0, 20)) say(`  ${line}`);
    return found;
  } finally {
    redis.disconnect();
    await superuser.end();
  }
}
