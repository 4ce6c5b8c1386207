import { Redis } from 'ioredis';
import type { Log } from './log.ts';

/**
 * A connection that fails at once while Redis is away, and comes back by itself. Nothing of ours lives in Redis alone, so
 * that nobody has to wait for it.
 *
 * @param subscriber  for a connection that only listens: it subscribes again by itself
 */
export function openRedis(url: string, log: Log, subscriber = false): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: subscriber,
    autoResubscribe: true,
    connectTimeout: 2000,
    ...(subscriber ? {} : { commandTimeout: 2000 }),
    retryStrategy: (times) => Math.min(times * 100, 1000),
  });
  let away = false;
  redis.on('error', (error: unknown) => {
    if (!away) log.warn({ err: error }, 'Redis is away');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info('Redis is back');
    away = false;
  });
  return redis;
}
