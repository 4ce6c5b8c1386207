import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { following, openShop, origin, type Shop } from '../support/gateway-world.ts';
import { Socket } from '../support/socket.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.stop());

describe('sockets through the gateway of docs/gateway (§4.3)', () => {
  const open = (headers: Record<string, string> = {}, path = '/graphql') =>
    new Socket(`${shop.gateway.url}${path}`, headers);

  test('each of two customers hears of herself, by cookie and by bearer', async () => {
    const { ann, bob } = shop;
    const [forAnn, forBob] = await Promise.all([
      open({ origin, ...(await shop.cookie('ann')) }).begin(),
      open().begin(await shop.token('bob')),
    ]);

    await Promise.all([forAnn.follow(following), forBob.follow(following)]);

    expect([forAnn.text().includes(ann), forAnn.text().includes(bob)]).toEqual([true, false]);
    expect([forBob.text().includes(bob), forBob.text().includes(ann)]).toEqual([true, false]);
    forAnn.end();
    forBob.end();
  });

  test.each([
    ['a foreign origin', { origin: 'http://evil.example' }, '/graphql'],
    ['a bearer in the upgrade', { authorization: 'Bearer a.b.c' }, '/graphql'],
    ['another path', { origin }, '/auth/session'],
  ])('%s never becomes a socket', async (_name, headers, path) => {
    expect(await open({ ...(await shop.cookie('ann')), ...headers }, path).closed).toBe(-1);
  });

  test.each([
    ['nobody', async () => open({ origin }).begin()],
    ['a cookie without an origin', async () => open(await shop.cookie('ann')).begin()],
    [
      'a cookie and a bearer',
      async () => open({ origin, ...(await shop.cookie('ann')) }).begin(await shop.token('bob')),
    ],
    ['a cookie that ended', async () => open({ origin, ...(await shop.cookie('ann', { exp: 1 })) }).begin()],
  ])('%s gets no answer', async (_name, opened) => {
    expect(await (await opened()).closed).toBe(4403);
  });

  test('a socket ends with its token', async () => {
    const exp = Math.floor(Date.now() / 1000) + 2;
    const socket = await open().begin(await shop.token('ann', { exp }));

    expect(await socket.closed).toBe(4403);
    expect(Date.now() / 1000).toBeLessThan(exp + 2);
  });

  test('a gateway that goes says so, and its sockets can come again', async () => {
    const socket = await open({ origin, ...(await shop.cookie('ann')) }).begin();
    await socket.follow(following);

    await shop.gateway.stop();

    expect(await socket.closed).toBe(1001);
  });
});
