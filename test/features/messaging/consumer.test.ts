import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { deadLetters as runDeadLetters } from '../../../src/commands/dead-letters.ts';
import { historyConsumers, supportStream } from '../../../src/features/history/history.events.ts';
import { consume, handleDue, on, readStream } from '../../../src/messaging/consumer.ts';
import { openLetters, replay } from '../../../src/messaging/dead-letters.ts';
import { type MessagingWorld, openMessaging } from '../../support/messaging-world.ts';

let world: MessagingWorld;
beforeAll(async () => {
  world = await openMessaging(12);
});
afterAll(() => world.stop());
beforeEach(async () => {
  await world.redis.del(supportStream);
  await world.parts.pool.query('truncate inbox, dead_letter');
});

const type = 'support.CustomerSupportTicketCreated.v1';
const add = (event: unknown): Promise<string | null> =>
  world.redis.xadd(supportStream, '*', 'event', typeof event === 'string' ? event : JSON.stringify(event));
const ticket = (customerId: string, createdAt = '2027-01-01T00:00:00Z', id = randomUUID()) => ({
  id,
  type,
  data: { ticketId: id, customerId, createdAt, somethingNew: 1 },
});
const work = async (): Promise<void> => {
  await readStream(world.parts, supportStream, 'reader');
  await handleDue(world.parts, supportStream, historyConsumers);
};
const activityOf = async (id: string): Promise<Date> =>
  (await world.parts.pool.query<{ at: Date }>('select last_activity_at as at from customer where id = $1', [id]))
    .rows[0]?.at ?? new Date(0);

describe('facts of other contexts (design §4, "In")', () => {
  test('a ticket counts as activity, and only once however often it comes', async () => {
    const id = await world.records.register('ticket@example.org');
    const event = ticket(id);
    let runs = 0;
    const counting = on(type, z.object({ ticketId: z.string() }), () => Promise.resolve(void (runs += 1)));

    for (let n = 0; n < 3; n += 1) await add(event);
    await readStream(world.parts, supportStream, 'reader');
    await handleDue(world.parts, supportStream, [...historyConsumers, counting]);
    await handleDue(world.parts, supportStream, [...historyConsumers, counting]);

    expect(runs).toBe(1);
    expect((await activityOf(id)).toISOString()).toBe('2027-01-01T00:00:00.000Z');
  });

  test.each([
    ['no JSON', '{'],
    ['no CloudEvent', { hello: 1 }],
    ['wrong data', { id: randomUUID(), type, data: { ticketId: 't', customerId: 'nobody', createdAt: 'today' } }],
  ])('what is %s is put aside at once, and told', async (_name, event) => {
    await add(event);

    await work();

    expect(await openLetters(world.parts)).toMatchObject([{ stream: supportStream, attempts: 1 }]);
    expect(await world.redis.xlen('customers.dead-letters')).toBeGreaterThan(0);
  });

  test('what nobody listens to is done', async () => {
    await add({ id: randomUUID(), type: 'support.Other.v1', data: {} });

    await work();

    expect(await openLetters(world.parts)).toEqual([]);
    expect((await world.parts.pool.query('select from inbox where done_at is null')).rowCount).toBe(0);
  });

  test('a handler that fails leaves nothing behind, is tried again later, and ends aside', async () => {
    const id = await world.records.register('failing@example.org');
    const before = await activityOf(id);
    await add(ticket(id));
    await readStream(world.parts, supportStream, 'reader');
    const broken = on(type, z.unknown(), () => Promise.reject(new Error('broken')));

    for (let n = 0; n < 12; n += 1) {
      expect(await handleDue(world.parts, supportStream, [...historyConsumers, broken])).toBe(1);
      expect(await handleDue(world.parts, supportStream, [...historyConsumers, broken])).toBe(0);
      world.clock.advance(301);
    }

    expect(await activityOf(id)).toEqual(before);
    expect(await openLetters(world.parts)).toMatchObject([{ attempts: 12, reason: 'Error' }]);
  });

  test('a ticket of somebody unknown waits a day for her, then is put aside; replayed, it counts', async () => {
    await add(ticket(randomUUID()));
    await work();
    world.clock.advance(12 * 3600);
    await work();
    expect(await openLetters(world.parts)).toEqual([]);

    world.clock.advance(13 * 3600);
    await work();

    const [letter] = await openLetters(world.parts);
    expect(letter).toMatchObject({ reason: 'NotYetKnown' });
    expect(await replay(world.parts, letter?.id ?? '')).toBe(true);
    expect(await replay(world.parts, letter?.id ?? '')).toBe(false);
  });

  test('entries of a reader that died are taken over', async () => {
    const id = await world.records.register('takeover@example.org');
    await world.redis.xgroup('CREATE', supportStream, 'customers', '0', 'MKSTREAM');
    await add(ticket(id));
    await world.redis.xreadgroup('GROUP', 'customers', 'dead', 'STREAMS', supportStream, '>');
    await world.redis.call('XCLAIM', supportStream, 'customers', 'dead', '0', '0-1', 'IDLE', '60000');
    const [entry] = (await world.redis.xrange(supportStream, '-', '+'))[0] ?? [''];
    await world.redis.call('XCLAIM', supportStream, 'customers', 'dead', '0', entry, 'IDLE', '60000');

    expect(await readStream(world.parts, supportStream, 'alive')).toBe(1);
  });

  test('a running consumer takes what comes', async () => {
    const id = await world.records.register('running@example.org');
    const consumer = consume(world.parts, supportStream, historyConsumers);

    await add(ticket(id, '2028-01-01T00:00:00Z'));

    await expect.poll(async () => (await activityOf(id)).getUTCFullYear(), { timeout: 5000 }).toBe(2028);
    await consumer.stop();
  });

  test('the command lists, shows, replays and closes letters, and never prints what they hold', async () => {
    const { url } = world.records.databases;
    expect(await runDeadLetters(url, ['list'])).toEqual(['There are no open dead letters.']);
    await add({ id: 'marker-message', type, data: { secret: 'marker-payload' } });
    await work();
    const [letter] = await openLetters(world.parts);
    const id = letter?.id ?? '';

    const texts = [...(await runDeadLetters(url, ['list'])), ...(await runDeadLetters(url, ['show', id]))].join();

    expect(texts).toContain('marker-message');
    expect(texts).not.toContain('marker-payload');
    expect(await runDeadLetters(url, ['replay', id])).toEqual(['The message is back in the inbox.']);
    await expect(runDeadLetters(url, ['discard', id])).rejects.toThrow('settled before');
    await expect(runDeadLetters(url, ['show', randomUUID()])).rejects.toThrow('no such dead letter');
    for (const wrong of [[], ['show'], ['show', 'x'], ['burn', id]])
      await expect(runDeadLetters(url, wrong)).rejects.toThrow('Use:');
    await work();
    const [again] = await openLetters(world.parts);
    expect(await runDeadLetters(url, ['discard', again?.id ?? ''])).toEqual(['The dead letter is closed.']);
  });
});
