import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { following, openShop, origin, type Shop } from '../support/gateway-world.ts';
import { SocketClient } from '../support/socket-client.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.stop());

describe('sockets through the gateway of docs/gateway (§4.3)', () => {
  const open = (headers: Record<string, string> = {}, path = '/graphql') =>
    new SocketClient(shop.gateway.url, headers, path);

  test('each of two customers hears of herself, by cookie and by bearer', async () => {
    const { ann, bob } = shop;
    const [forAnn, forBob] = await Promise.all([
      open({ origin, ...(await shop.cookie('ann')) }).enter(),
      open().enter(await shop.token('bob')),
    ]);

    await Promise.all([forAnn.ask(following), forBob.ask(following)]);

    const [toAnn, toBob] = [forAnn, forBob].map(({ lines }) => JSON.stringify(lines));
    expect([toAnn?.includes(ann), toAnn?.includes(bob)]).toEqual([true, false]);
    expect([toBob?.includes(bob), toBob?.includes(ann)]).toEqual([true, false]);
    forAnn.end();
    forBob.end();
  });

  test.each([
    ['a foreign origin', { origin: 'http://evil.example' }, '/graphql', 403],
    ['a bearer in the upgrade', { authorization: 'Bearer a.b.c' }, '/graphql', 400],
    ['another path', { origin }, '/auth/session', 404],
  ])('%s never becomes a socket', async (_name, headers, path, status) => {
    expect(await open({ ...(await shop.cookie('ann')), ...headers }, path).closed).toBe(status);
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
    const socket = await open({ origin, ...(await shop.cookie('ann')) }).enter();
    await socket.ask(following);

    await shop.gateway.stop();

    expect(await socket.closed).toBe(1001);
  });
});
