import { afterEach, describe, expect, test } from 'vitest';
import { TextingWorld } from '../../support/texting-world.ts';

const per = (limits: object): object => ({
  perHour: { number: 1000, customer: 1000, address: 1000, prefix: 1000, country: 1000, ...limits },
});
const mobile = (line: number, block = '+4915112'): string => `${block}${String(line).padStart(6, '1')}`;

describe('text messages that somebody wants for other reasons (issue 2, deliverable 3)', () => {
  let world: TextingWorld;
  afterEach(() => world[Symbol.asyncDispose]());

  test.each<[string, object, (n: number) => object, object]>([
    ['number', { number: 3 }, () => ({}), { number: mobile(1) }],
    ['customer', { customer: 3 }, (n) => ({ number: mobile(n), ip: `198.51.100.${n}` }), { customer: 'bea' }],
    ['address', { address: 3 }, (n) => ({ number: mobile(n), customer: `c${n}` }), { ip: '203.0.113.8' }],
    ['prefix', { prefix: 3 }, (n) => ({ number: mobile(n), customer: `c${n}` }), { number: mobile(1, '+4917012') }],
    ['country', { country: 3 }, (n) => ({ number: mobile(n, `+49151${n}1`) }), { number: '+436641234567' }],
  ])('no more than three an hour by %s, whoever else asks', async (what, limits, nth, another) => {
    world = await TextingWorld.open(per(limits));
    for (let n = 0; n < 3; n += 1) expect((await world.ask(nth(n))).status).toBe(202);

    const [fourth, other] = [await world.ask(nth(3)), await world.ask({ ...nth(4), ...another })];

    expect(fourth).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(fourth.retryAfter).toBeGreaterThan(0);
    expect(fourth.retryAfter).toBeLessThanOrEqual(3600);
    expect(other.status).toBe(202);
    expect(await world.counted(`${what}_limited`)).toBe(1);
    expect(await world.sent()).toHaveLength(4);
    world.advance(61);
    expect((await world.ask(nth(3))).status).toBe(202);
  });

  test('the addresses of one household of IPv6 count together', async () => {
    world = await TextingWorld.open(per({ address: 2 }));
    const from = (ip: string): Promise<{ status: number }> => world.ask({ ip, number: mobile(1) });

    expect((await from('2001:db8:1:2::1')).status).toBe(202);
    expect((await from('2001:db8:1:2:ffff::9')).status).toBe(202);
    expect((await from('2001:db8:1:2:3:4:5:6')).status).toBe(429);
    expect((await from('2001:db8:1:3::1')).status).toBe(202);
  });

  test('whoever is over her own limit uses up nobody else’s', async () => {
    world = await TextingWorld.open(per({ address: 1, number: 2 }));
    for (let n = 0; n < 5; n += 1) await world.ask();

    expect((await world.ask({ ip: '198.51.100.1' })).status).toBe(202);
  });

  test('the day’s budget holds against many at once, is told by an alarm, and is new the next day', async () => {
    world = await TextingWorld.open({ budgetCents: 35 });

    const replies = await Promise.all(Array.from({ length: 12 }, (_, n) => world.ask({ number: mobile(n) })));

    const taken = replies.filter(({ status }) => status === 202);
    const refused = replies.filter(({ status }) => status === 503);
    expect([taken.length, refused.length]).toEqual([3, 9]);
    expect(refused[0]?.retryAfter).toBeLessThanOrEqual(86_400);
    expect(await world.sent()).toHaveLength(3);
    expect(await world.counted('budget_spent')).toBe(9);
    expect(await world.texts.alarms()).toEqual({ budget: true, breaker: false });
    world.advance(24 * 60);
    expect((await world.ask()).status).toBe(202);
    expect(await world.texts.alarms()).toEqual({ budget: false, breaker: false });
  });

  test('a block of numbers from which no code comes back gets no more; others do, and it closes by itself', async () => {
    world = await TextingWorld.open({ breaker: { minutes: 60, least: 10, percent: 30 } });
    // Elsewhere in the country codes come back, so that only the block stands out.
    for (let n = 0; n < 12; n += 1) await world.ask({ number: mobile(n, '+4917012') });
    for (let n = 0; n < 12; n += 1) await world.proven(mobile(n, '+4917012'));
    for (let n = 0; n < 12; n += 1) expect((await world.ask({ number: mobile(n) })).status).toBe(202);
    for (let n = 0; n < 2; n += 1) await world.proven(mobile(n));
    world.advance(10);

    const [there, elsewhere] = [await world.ask(), await world.ask({ number: mobile(1, '+4917012') })];

    expect(there).toMatchObject({ status: 503, body: { code: 'PROVIDER_UNAVAILABLE' } });
    expect(elsewhere.status).toBe(202);
    expect(await world.counted('breaker_open')).toBe(1);
    expect(await world.texts.alarms()).toEqual({ budget: false, breaker: true });
    world.advance(60);
    expect((await world.ask()).status).toBe(202);
    expect((await world.texts.alarms()).breaker).toBe(false);
  });

  test('a country of whose codes hardly any comes back gets no more', async () => {
    world = await TextingWorld.open({ breaker: { minutes: 60, least: 10, percent: 30 } });
    for (let n = 0; n < 10; n += 1) await world.ask({ number: mobile(n, `+49151${n}1`) });
    world.advance(10);

    expect((await world.ask({ number: mobile(1, '+4917012') })).status).toBe(503);
    expect((await world.ask({ number: '+436641234567' })).status).toBe(202);
  });

  test('a rush of customers who still read their messages opens no breaker', async () => {
    world = await TextingWorld.open({ breaker: { minutes: 60, least: 10, percent: 30 } });
    for (let n = 0; n < 30; n += 1) await world.ask({ number: mobile(n) });

    expect((await world.ask()).status).toBe(202);
    world.advance(4);
    expect((await world.ask()).status).toBe(202);
  });
});
