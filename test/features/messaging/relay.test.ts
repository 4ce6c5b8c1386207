import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { forUpdate } from '../../../src/messaging/for-update.ts';
import { publishPending, startRelay, stream } from '../../../src/messaging/relay.ts';
import { type MessagingWorld, openMessaging } from '../../support/messaging-world.ts';

let world: MessagingWorld;
beforeAll(async () => {
  world = await openMessaging(11);
});
afterAll(() => world.stop());
beforeEach(() => world.redis.del(stream));

const relayParts = () => ({ ...world.parts, maxLength: 100_000 });

interface Published {
  id: string;
  subject: string;
  sequence: string;
  type: string;
}

async function published(): Promise<Published[]> {
  const entries = await world.redis.xrange(stream, '-', '+');
  return entries.map(([, fields]) => JSON.parse(fields[1] ?? '{}') as Published);
}

let people = 0;
async function customers(count: number): Promise<string[]> {
  const emails = Array.from({ length: count }, () => `relay.${(people += 1)}@example.org`);
  return Promise.all(emails.map((email) => world.records.register(email)));
}

const rename = (id: string, givenName: string): Promise<void> =>
  world.records.transact(async (em) => {
    const customer = await forUpdate(em, id);
    customer.updateProfile({ givenName }, customer.version, { at: new Date(), by: 'SELF' });
  });

describe('the relay (design §4, "Out")', () => {
  test('every fact leaves once, in order for each customer, while three relays run and customers change', async () => {
    const ids = await customers(10);
    const relays = [1, 2, 3].map(() => startRelay(relayParts()));

    for (let n = 0; n < 5; n += 1) await Promise.all(ids.map((id) => rename(id, `Name ${n}`)));
    await expect.poll(async () => (await published()).length, { timeout: 15_000 }).toBe(60);
    await Promise.all(relays.map((relay) => relay.stop()));

    for (const id of ids) {
      const sequences = (await published())
        .filter(({ subject }) => subject === id)
        .map(({ sequence }) => Number(sequence));
      expect(sequences).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  test('a kill between publishing and marking repeats the fact under the same id', async () => {
    const [id = ''] = await customers(1);
    const { pool } = world.parts;
    await pool.query(
      `create function killed() returns trigger language plpgsql as $$ begin raise exception 'killed'; end $$`,
    );
    await pool.query('create trigger killed before update on outbox for each row execute function killed()');
    await expect(publishPending(relayParts())).rejects.toThrow('killed');
    await pool.query('drop trigger killed on outbox');

    await publishPending(relayParts());

    const ofHers = (await published()).filter(({ subject }) => subject === id);
    expect(ofHers).toHaveLength(2);
    expect(new Set(ofHers.map((event) => event.id)).size).toBe(1);
  });

  test('a relay that slept through its succession publishes nothing', async () => {
    await customers(1);
    const sleepy = Object.assign(Object.create(world.redis) as typeof world.redis, {
      eval: async (...args: Parameters<typeof world.redis.eval>) => {
        const { rows } = await world.parts.pool.query<{ later: string }>(`select nextval('outbox_fence') as later`);
        for (let lane = 0; lane < 16; lane += 1) await world.redis.set(`customers.lane.${lane}`, rows[0]?.later ?? '');
        return world.redis.eval(...args);
      },
    });

    expect(await publishPending({ ...relayParts(), redis: sleepy })).toBe(0);
    expect(await published()).toEqual([]);

    expect(await publishPending(relayParts())).toBe(1);
  });

  test('after the database was restored from a backup, facts leave again', async () => {
    await customers(1);
    for (let lane = 0; lane < 16; lane += 1) await world.redis.set(`customers.lane.${lane}`, '999999999');

    expect(await publishPending(relayParts())).toBe(0);

    expect(await publishPending(relayParts())).toBe(1);
    await customers(1);
    expect(await publishPending(relayParts())).toBe(1);
  });

  test('facts wait while Redis is away', async () => {
    await customers(1);
    const away = Object.assign(Object.create(world.redis) as typeof world.redis, {
      eval: () => Promise.reject(new Error('away')),
    });
    const relay = startRelay({ ...relayParts(), redis: away });
    await pause(300);
    await relay.stop();
    expect(await published()).toEqual([]);

    expect(await publishPending(relayParts())).toBe(1);
  });
});
