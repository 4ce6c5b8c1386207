import type { Redis } from 'ioredis';
import type { Parts } from '../context.ts';
import { authenticationTasks } from '../features/authentication/authentication.jobs.ts';
import { credentialNoticeTasks } from '../features/identity/credential-notices.jobs.ts';
import { contactTasks } from '../features/contacts/contacts.jobs.ts';
import { followDeliveries } from '../features/identity/identity.events.ts';
import { grantAlarms } from '../features/identity/role-grants.ts';
import { identityTasks } from '../features/identity/identity.jobs.ts';
import { historyConsumers, supportStream } from '../features/history/history.events.ts';
import { tooManyMissing } from '../features/identity/sweep.ts';
import { registrationTasks } from '../features/registration/registration.jobs.ts';
import { consume } from '../messaging/consumer.ts';
import { startRelay } from '../messaging/relay.ts';
import type { Task, WorkQueue } from '../messaging/work.ts';
import { reindexAddresses, rewrapKeys, sweepKeys } from '../messaging/key-upkeep.ts';
import type { MailSender } from '../platform/mail.ts';
import type { Metrics } from '../platform/metrics.ts';
import { schedule } from './schedule.ts';

/** What the worker uses besides the parts of the process. */
export interface WorkerParts {
  readonly parts: Parts;
  readonly queue: WorkQueue;
  readonly redis: Redis;
  readonly mail: MailSender;
  readonly metrics: Metrics;
}

const waiting = `select (select count(*)::int from outbox where published_at is null) as outbox,
  (select count(*)::int from inbox where done_at is null) as inbox,
  (select count(*)::int from dead_letter where settled_at is null) as "dead-letters",
  (select count(*)::int from jobs.job where state = 'failed') as "failed-jobs",
  (select count(*)::int from identity_link where refused is not null) as refused,
  (select coalesce(extract(epoch from now() - min(created_at)), 0)::float from outbox where published_at is null) as lag`;

interface Waiting {
  readonly outbox: number;
  readonly inbox: number;
  readonly 'dead-letters': number;
  readonly 'failed-jobs': number;
  readonly refused: number;
  readonly lag: number;
}

async function count({ parts, metrics }: WorkerParts): Promise<void> {
  const { rows } = await parts.pool.query<Waiting>(waiting);
  const [row] = rows;
  if (!row) return;
  const { lag, ...counts } = row;
  for (const [what, many] of Object.entries(counts)) metrics.waiting.set({ what }, many);
  for (const what of ['dead-letters', 'failed-jobs', 'refused'] as const)
    metrics.alarms.set({ what }, counts[what] ? 1 : 0);
  metrics.alarms.set({ what: 'sweep-stopped' }, (await tooManyMissing(parts)) ? 1 : 0);
  for (const [what, stands] of Object.entries(await grantAlarms(parts))) metrics.alarms.set({ what }, stands ? 1 : 0);
  const texts = await parts.textMessages.alarms();
  metrics.alarms.set({ what: 'sms-budget' }, texts.budget ? 1 : 0);
  metrics.alarms.set({ what: 'sms-breaker' }, texts.breaker ? 1 : 0);
  metrics.oldestFact.set(lag);
}

// Old sessions and answers are of no use to anybody; facts are kept 90 days for whoever comes late (design §6).
const outdated = [
  `delete from idempotency where expires_at < now()`,
  `delete from revocation where expires_at < now() - interval '1 hour'`,
  `delete from session_token where expires_at < now() - interval '30 days'`,
  `delete from known_device where last_seen_at < now() - interval '1 year'`,
  `delete from mail_link where expires_at < now() - interval '30 days'`,
  `delete from inbox where done_at < now() - interval '30 days'`,
  `delete from outbox where created_at < now() - interval '90 days' and published_at is not null`,
  `delete from acting where ends_at < now() - interval '90 days'`,
  `delete from role_grant where at < now() - interval '1 year'`,
  `delete from text_message_count where minute < now() - interval '2 days'`,
  `delete from text_message_day where day < now() - interval '90 days'`,
  `delete from drift where at < now() - interval '90 days'`,
];

async function keepKeys(parts: Parts): Promise<void> {
  const done = {
    wrapped: await rewrapKeys(parts),
    indexed: await reindexAddresses(parts),
    swept: await sweepKeys(parts),
  };
  parts.log.info(done, 'keys are in order');
}

/** Every task there is, of every feature; the names of the queues. */
export function allTasks(parts: Parts, mail: MailSender): Task[] {
  return [
    ...authenticationTasks(parts, mail),
    ...contactTasks(parts, mail),
    ...identityTasks(parts),
    ...credentialNoticeTasks(parts, mail),
    ...registrationTasks(parts, mail),
    { name: 'keys.upkeep', run: () => keepKeys(parts) },
    {
      name: 'retention.outdated',
      run: async () => {
        for (const statement of outdated) await parts.pool.query(statement);
      },
    },
  ];
}

/** Starts all that runs without a request. */
export async function startWorker(worker: WorkerParts): Promise<{ stop(): Promise<void> }> {
  const { parts, queue, redis, metrics } = worker;
  const { pool, log, clock, transactAs, config } = parts;
  const relay = startRelay({
    pool,
    redis,
    log,
    maxLength: config.events.streamMaxLength,
    published: (facts) => metrics.published.inc(facts),
  });
  const consumer = consume({ pool, clock, redis, log, transactAs }, supportStream, historyConsumers);
  const deliveries = followDeliveries(parts, (grant) => metrics.staffRoleGrants.inc({ ...grant }));
  await queue.run(allTasks(parts, worker.mail), schedule);
  const counting = setInterval(() => {
    void count(worker).catch((error: unknown) => log.warn({ err: error }, 'what waits could not be counted'));
  }, 5000);
  return {
    async stop() {
      clearInterval(counting);
      await Promise.all([relay.stop(), consumer.stop(), deliveries.stop()]);
    },
  };
}
