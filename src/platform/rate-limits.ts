import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { createHmac } from 'node:crypto';
import type { Clock } from './clock.ts';

/** Counts tries in fixed windows. Subjects are stored as keyed hashes only. */
export interface RateLimits {
  /**
   * Takes one try.
   *
   * @param name     what is limited, such as `registration-mail`
   * @param subject  whom: an address, a network; never stored in clear
   * @returns 0 when there was room, else the seconds until there is
   */
  take(name: string, subject: string, limit: number, windowSeconds: number): Promise<number>;
}

const script = `local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return n`;

/** Limits over all replicas in Redis; in this process alone while Redis does not answer, so that a limit never fails open. */
export function createRateLimits(redis: Redis, key: Buffer, clock: Clock): RateLimits {
  const local = new LRUCache<string, number>({ max: 100_000 });
  const countLocally = (id: string, ttl: number): number => {
    const count = (local.get(id) ?? 0) + 1;
    local.set(id, count, { ttl });
    return count;
  };
  return {
    async take(name, subject, limit, windowSeconds) {
      const now = clock.now().getTime();
      const length = windowSeconds * 1000;
      const window = Math.floor(now / length);
      const left = (window + 1) * length - now;
      const who = createHmac('sha256', key).update(`${name}\0${subject}`).digest('base64url');
      const id = `customers:limit:${name}:${who}:${window}`;
      const here = countLocally(id, left);
      const everywhere = await redis.eval(script, 1, id, String(Math.ceil(left))).catch(() => here);
      return Math.max(here, Number(everywhere)) <= limit ? 0 : Math.max(1, Math.ceil(left / 1000));
    },
  };
}
