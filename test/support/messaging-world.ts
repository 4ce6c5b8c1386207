import { Redis } from 'ioredis';
import { inject } from 'vitest';
import type { ConsumerParts } from '../../src/messaging/consumer.ts';
import { createLog } from '../../src/platform/log.ts';
import { openRecords, type Records } from './records.ts';

/** Records with a Redis whose keys nobody else uses, and a clock that the test moves. */
export interface MessagingWorld {
  readonly records: Records;
  readonly redis: Redis;
  readonly parts: ConsumerParts;
  readonly clock: { now(): Date; advance(seconds: number): void };
  stop(): Promise<void>;
}

/** Opens it over an emptied database of Redis: a number of its own for each test file. */
export async function openMessaging(redisDatabase: number): Promise<MessagingWorld> {
  const records = await openRecords();
  const redis = new Redis(inject('redisUrl'), { db: redisDatabase });
  await redis.flushdb();
  let ahead = 0;
  const clock = {
    now: () => new Date(Date.now() + ahead),
    advance: (seconds: number) => void (ahead += seconds * 1000),
  };
  const { pool, transactAs } = records;
  const parts = { pool, redis, clock, transactAs, log: createLog('silent') };
  return {
    records,
    redis,
    parts,
    clock,
    async stop() {
      redis.disconnect();
      await records[Symbol.asyncDispose]();
    },
  };
}
