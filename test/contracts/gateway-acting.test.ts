import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openShop, type Shop } from '../support/gateway-world.ts';
import { SocketClient } from '../support/socket-client.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.stop());

const roles = ['customer:self', 'customer:act-for'];

/** Ann is staff and acts for Bob. Her bearer, and the headers of a request under the acting. */
async function acting(): Promise<{ own: { authorization: string }; headers: Record<string, string>; id: string }> {
  const claims = { sid: randomUUID(), acr: '2', resource_access: { 'customer-api': { roles } } };
  const own = { authorization: `Bearer ${await shop.token('ann', claims)}` };
  const answer = await fetch(`${shop.gateway.url}/auth/acting`, {
    method: 'POST',
    headers: { ...own, 'content-type': 'application/json' },
    body: JSON.stringify({ customerId: shop.bob, reason: 'Ticket 4711' }),
  });
  const { id } = (await answer.json()) as { id: string };
  return { own, headers: { ...own, 'x-acting': id }, id };
}

function ask(headers: Record<string, string>, query = '{ me { id } }'): Promise<Response> {
  const body = JSON.stringify({ query });
  const json = { 'content-type': 'application/json' };
  return fetch(`${shop.gateway.url}/graphql`, { method: 'POST', headers: { ...json, ...headers }, body });
}

describe('acting for a customer through a gateway (decision 30)', () => {
  test('who is acted for goes along to us, and to nobody else', async () => {
    const { own, headers } = await acting();
    for (const { heard } of shop.gateway.others) heard.length = 0;

    const [forBob, forAnn] = await Promise.all([
      ask(headers, '{ me { id canOrder } }'),
      ask(own, '{ me { id canOrder } }'),
    ]);

    expect(await forBob.json()).toEqual({ data: { me: { id: shop.bob, canOrder: true } } });
    expect(await forAnn.json()).toEqual({ data: { me: { id: shop.ann, canOrder: true } } });
    const elsewhere = shop.gateway.others.flatMap(({ heard }) => heard);
    expect(elsewhere.length).toBeGreaterThan(0);
    expect(elsewhere.filter((one) => one['x-acting'])).toEqual([]);
  });

  test('an acting that is over, or has no name, is a refusal of the whole', async () => {
    const { own, headers } = await acting();
    await fetch(`${shop.gateway.url}/auth/acting`, { method: 'DELETE', headers: own });

    expect((await ask(headers)).status).toBe(403);
    expect((await ask({ ...own, 'x-acting': '' })).status).toBe(403);
  });

  test('a socket that names one is not let in', async () => {
    const { own, id } = await acting();
    const named = new SocketClient(shop.gateway.url);
    await named.opened;
    named.send({ type: 'connection_init', payload: { ...own, 'x-acting': id } });

    expect(await named.closed).toBe(4403);
    expect(await new SocketClient(shop.gateway.url, { 'x-acting': id }).closed).toBe(400);
  });
});
