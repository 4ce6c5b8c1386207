import type { EntityManager } from '@mikro-orm/postgresql';
import { fromKysely, PgBoss } from 'pg-boss';
import type { Log } from '../platform/log.ts';

/** What runs later: a name and what to do for one key. A second run for the same key must do no harm. */
export interface Task {
  readonly name: string;
  readonly run: (key: string) => Promise<void>;
}

/** When tasks run by themselves, their key being empty: cron in UTC by the task's name. */
export type Schedule = Readonly<Record<string, string>>;

/** Puts jobs aside for the worker. */
export interface Work {
  /**
   * Enqueues a task for a key in the caller's transaction: rolled back, it never was. A key that waits already is not
   * put aside twice. One SQL statement.
   *
   * @param key  an id, never personal data
   */
  enqueue(em: EntityManager, task: string, key: string): Promise<void>;
}

/** The queue of one process. */
export interface WorkQueue extends Work {
  /** Starts to run the tasks here; without it this process only enqueues. */
  run(tasks: readonly Task[], schedule?: Schedule): Promise<void>;
  stop(): Promise<void>;
}

// Without notifications: with them a worker sleeps over jobs that are to be tried again (seen: 8 s late, and more).

/** A killed worker's job runs again once its heart has not beaten for so long… */
const heartbeatSeconds = 10;
/** …and somebody has looked, which happens each minute by default. */
const watch = { superviseIntervalSeconds: 5, monitorIntervalSeconds: 5 };
const retries = { retryLimit: 20, retryDelay: 1, retryBackoff: true, retryDelayMax: 300 };
const kept = { retentionSeconds: 14 * 86_400, deleteAfterSeconds: 7 * 86_400 };

/**
 * Opens the queue and makes what it needs in the database.
 *
 * @param names  every task there is: each has a queue of its own, also in a process that only enqueues
 */
export async function openWork(url: string, names: readonly string[], log: Log): Promise<WorkQueue> {
  const boss = new PgBoss({ connectionString: url, schema: 'jobs', max: 4, ...watch });
  boss.on('error', (error) => log.error({ err: error }, 'the job queue failed'));
  await boss.start();
  for (const name of names) {
    await boss.createQueue(name, { policy: 'short', heartbeatSeconds, ...retries, ...kept });
  }
  return {
    async enqueue(em, task, key) {
      const transaction = em.getTransactionContext();
      if (!transaction) throw new Error('A job is enqueued only inside a transaction.');
      const db = fromKysely(transaction);
      await boss.send(task, { key }, { singletonKey: key, db });
    },
    async run(tasks, schedule = {}) {
      for (const { name, run } of tasks) {
        await boss.work<{ key?: string }>(
          name,
          { pollingIntervalSeconds: 0.5, heartbeatRefreshSeconds: 3 },
          async (jobs) => {
            for (const { data } of jobs) await run(data?.key ?? '');
          },
        );
      }
      for (const [name, cron] of Object.entries(schedule)) await boss.schedule(name, cron, {}, { tz: 'UTC' });
    },
    stop: () => boss.stop({ graceful: true, timeout: 10_000 }),
  };
}
