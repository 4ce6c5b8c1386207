import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { nobody } from '../../../src/domain/access.ts';
import { IdempotencyMismatch } from '../../../src/domain/errors.ts';
import { forUpdate } from '../../../src/messaging/for-update.ts';
import { once } from '../../../src/messaging/idempotency.ts';
import { channelOf, createLiveUpdates, type LiveUpdate } from '../../../src/messaging/live-updates.ts';
import { openWork, type WorkQueue } from '../../../src/messaging/work.ts';
import { createRateLimits } from '../../../src/platform/rate-limits.ts';
import { type MessagingWorld, openMessaging } from '../../support/messaging-world.ts';

let world: MessagingWorld;
let queue: WorkQueue;
const ran: string[] = [];
beforeAll(async () => {
  world = await openMessaging(13);
  queue = await openWork(world.records.databases.url, ['greet', 'fail'], world.parts.log);
  const failing = { left: 1 };
  await queue.run([
    { name: 'greet', run: (key) => Promise.resolve(void ran.push(key)) },
    {
      name: 'fail',
      run: (key) => (failing.left-- > 0 ? Promise.reject(new Error('once')) : Promise.resolve(void ran.push(key))),
    },
  ]);
});
afterAll(async () => {
  await queue.stop();
  await world.stop();
});

describe('jobs (design §4, "Job")', () => {
  test('a job of a transaction that is rolled back never was; the other runs', async () => {
    const enqueue = (key: string, fail: boolean): Promise<void> =>
      world.records.transact(async (em) => {
        await queue.enqueue(em, 'greet', key);
        if (fail) throw new Error('rolled back');
      });
    await expect(enqueue('never', true)).rejects.toThrow('rolled back');
    await enqueue('hello', false);

    await expect.poll(() => ran, { timeout: 5000 }).toContain('hello');
    expect(ran).not.toContain('never');
  });

  test('a job that fails runs again', async () => {
    await world.records.transact((em) => queue.enqueue(em, 'fail', 'again'));

    await expect.poll(() => ran, { timeout: 10_000 }).toContain('again');
  });

  test('outside a transaction nothing is enqueued', async () => {
    const fake = { getTransactionContext: () => undefined } as never;

    await expect(queue.enqueue(fake, 'greet', 'x')).rejects.toThrow('only inside a transaction');
  });
});

describe('answers given once (contracts: rest)', () => {
  const parts = () => ({ ...world.parts, actor: nobody, config: { keys: { token: Buffer.alloc(32, 'k') } } });

  test('fifty at once are one effect and one answer', async () => {
    let effects = 0;
    const key = randomUUID();
    const ask = () =>
      once(parts(), { address: 'a@example.org', key, input: { b: 1, a: 2 } }, () =>
        Promise.resolve({ n: (effects += 1) }),
      );

    const answers = await Promise.all(Array.from({ length: 50 }, ask));

    expect(effects).toBe(1);
    expect(new Set(answers.map((answer) => answer.n))).toEqual(new Set([1]));
  });

  test('the key of another body is refused, the key of another address is another', async () => {
    const key = randomUUID();
    const ask = (address: string, input: object) =>
      once(parts(), { address, key, input }, () => Promise.resolve(address));
    await ask('a', { x: 1 });

    await expect(ask('a', { x: 2 })).rejects.toThrow(IdempotencyMismatch);
    expect(await ask('b', { x: 2 })).toBe('b');
  });

  test('work that fails leaves the key free', async () => {
    const key = randomUUID();
    const ask = (work: () => Promise<number>) => once(parts(), { address: 'a', key, input: {} }, work);
    await expect(ask(() => Promise.reject(new Error('no')))).rejects.toThrow('no');

    expect(await ask(() => Promise.resolve(7))).toBe(7);
  });
});

describe('live updates (design §4, "Live")', () => {
  test('who follows hears of a change, by message or, when that is lost, by the second look', async () => {
    const id = await world.records.register('live@example.org');
    const live = createLiveUpdates(new Redis(inject('redisUrl')), world.parts.pool, world.parts.log);
    const [leaving, heard] = [new AbortController(), [] as LiveUpdate[]];
    const following = (async () => {
      for await (const update of live.subscribe(id, leaving.signal)) heard.push(update);
    })();

    await expect.poll(() => heard.at(-1)?.sequence, { timeout: 5000 }).toBe(1);
    await world.records.transact(async (em) => {
      const customer = await forUpdate(em, id);
      customer.updateProfile({ givenName: 'Ada' }, customer.version, { at: new Date(), by: 'SELF' });
    });
    await expect.poll(() => heard.at(-1)?.sequence, { timeout: 5000 }).toBe(2);
    await new Redis(inject('redisUrl')).publish(channelOf(id), JSON.stringify({ customerId: id, sequence: 9 }));
    await expect.poll(() => heard.at(-1)?.sequence, { timeout: 5000 }).toBe(9);
    await new Redis(inject('redisUrl')).publish(channelOf(id), 'garbage');

    leaving.abort();
    await following;
    await live.stop();
  });
});

describe('rate limits', () => {
  test.each([
    ['over all replicas', () => world.redis],
    [
      'in this process while Redis is away',
      () => ({ eval: () => Promise.reject(new Error('away')) }) as unknown as Redis,
    ],
  ])('hold %s', async (_name, redis) => {
    const limits = createRateLimits(redis(), Buffer.alloc(32), world.clock);
    const subject = randomUUID();
    const takes = [];
    for (let n = 0; n < 4; n += 1) takes.push(await limits.take('test', subject, 3, 3600));

    expect(takes.slice(0, 3)).toEqual([0, 0, 0]);
    expect(takes[3]).toBeGreaterThan(0);
    world.clock.advance(3600);
    expect(await limits.take('test', subject, 3, 3600)).toBe(0);
  });
});
