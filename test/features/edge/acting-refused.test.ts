import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRoutes } from '../../../src/server/routes.ts';
import { statusOf } from '../../../src/server/status.ts';
import { ActingWorld, reason, supportRights } from '../../support/acting-world.ts';
import { linkedCustomer, openEdge } from '../../support/edge-world.ts';
import { SocketClient } from '../../support/socket-client.ts';

let world: ActingWorld;
beforeAll(async () => {
  world = new ActingWorld(await openEdge());
});
afterAll(() => world.edge.stop());

const me = '{ me { id givenName locale email { address } } }';

describe('who may not act', () => {
  test.each([
    ['a customer', ['customer:self'], { acr: '2' }],
    ['staff without the permission', supportRights.filter((right) => right !== 'customer:act-for'), { acr: '2' }],
    ['staff without a second factor', supportRights, { acr: '1' }],
    ['a service account', supportRights, { acr: '2', sid: undefined, client_id: 'customer-cli' }],
  ] as const)('%s', async (_who, rights, claims) => {
    const staff = await world.staff([...rights], claims);

    expect((await world.begin(staff, { customerId: await world.customer(), reason })).status).toBe(403);
  });

  test('nobody, and a cookie of a foreign page', async () => {
    const customerId = await world.customer();
    const { headers } = await world.staff();
    const cookie = { cookie: `__Host-access=${headers['authorization']?.slice(7)}` };

    expect((await world.begin({ headers: { authorization: 'Bearer x' } }, { customerId, reason })).status).toBe(401);
    expect((await world.begin({ headers: cookie }, { customerId, reason })).status).toBe(403);
  });

  test.each([
    ['no reason', { reason: '' }],
    ['blanks', { reason: '   ' }],
    ['a reason of 501 characters', { reason: 'x'.repeat(501) }],
    ['control characters', { reason: 'a\u0000b' }],
    ['a field that is not known', { reason, minutes: 60 }],
    ['a reason that is no text', { reason: ['x'] }],
  ])('with %s', async (_what, given) => {
    const staff = await world.staff();

    expect((await world.begin(staff, { customerId: await world.customer(), ...given })).status).toBe(422);
    expect(await world.underWay(staff)).toBeNull();
  });

  test('for oneself', async () => {
    const subject = randomUUID();
    const own = await linkedCustomer(world.edge, subject);
    const staff = await world.session(subject, { sid: randomUUID(), acr: '2' });

    expect((await world.begin(staff, { customerId: own.toUpperCase(), reason })).status).toBe(403);
  });

  test.each([
    ['GUEST', 409],
    ['SUSPENDED', 409],
    ['DEACTIVATED', 409],
    ['ERASING', 409],
    ['MERGED', 409],
    ['ERASED', 404],
  ])('for a customer who is %s', async (status, refused) => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    await world.sql('update customer set status = $2 where id = $1', customerId, status);

    expect((await world.begin(staff, { customerId, reason })).status).toBe(refused);
    expect(await world.underWay(staff)).toBeNull();
  });

  test('for somebody who does not exist', async () => {
    const staff = await world.staff();

    for (const customerId of [randomUUID(), 'x', ''])
      expect((await world.begin(staff, { customerId, reason })).status).toBe(404);
  });

  test('more than 60 times an hour', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    for (let n = 0; n < 60; n += 1) await world.begin(staff, { customerId: randomUUID(), reason });

    const answer = await world.begin(staff, { customerId, reason });

    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('what acting opens to nobody', () => {
  test('every route but those listed is refused before it does anything', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    const { headers } = await world.acting(staff, customerId, true);
    const { config, clock } = world.edge.running.parts;
    const all = createRoutes(config, clock, (code) => statusOf[code]).routes.filter(({ method }) => method !== 'ALL');
    const asked = [...new Set(all.map(({ method, path }) => `${method} ${path}`))];

    const open: string[] = [];
    for (const route of asked) {
      const [method = '', path = ''] = route.split(' ');
      // Of what ends it, nothing is to be ended here.
      if (method === 'DELETE') continue;
      const { status } = await world.at({ headers }, path.replaceAll(/:\w+/g, 'x'), { method });
      if (status !== 403) open.push(route);
    }

    expect(asked).toEqual(expect.arrayContaining(['POST /auth/refresh', 'GET /auth/login', 'POST /auth/acting']));
    expect(open.toSorted()).toEqual(['GET /auth/acting', 'GET /profile']);
  });

  test('the address of a page acts on that page alone', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    const { id } = await world.acting(staff, customerId);
    const query = encodeURIComponent(me);

    const own = await world.at(staff, `/graphql?acting=${id}&query=${query}`, { headers: { 'x-csrf': '1' } });

    expect(((await own.json()) as { data: { me: { id: string } } }).data.me.id).not.toBe(customerId);
    expect((await world.at(staff, `/auth/login?acting=${id}`)).status).toBe(403);
    expect((await world.at(staff, `/auth/acting?acting=${id}`, { method: 'POST', body: '{}' })).status).toBe(422);
  });

  test('a socket that names an acting is not let in', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    const { id, headers } = await world.acting(staff, customerId);
    const named = new SocketClient(world.edge.url);
    await named.opened;
    named.send({
      type: 'connection_init',
      payload: { authorization: staff.headers['authorization'], 'x-acting': id },
    });
    expect(await named.closed).toBe(4403);
    expect(await new SocketClient(world.edge.url, { 'x-acting': headers['x-acting'] ?? '' }).closed).toBe(400);
  });

  test('the page of a customer is shown to whoever acts for her, and to no other', async () => {
    const [staff, other, customerId] = [await world.staff(), await world.staff(), await world.customer()];
    const { id } = await world.acting(staff, customerId);
    const { rows } = await world.edge.running.parts.pool.query<{ subject: string }>(
      'select subject from identity_link where customer_id = $1',
      [customerId],
    );
    const page = async ({ headers }: typeof staff, path = `/profile?acting=${id}`): Promise<string> => {
      const cookie = `__Host-access=${headers['authorization']?.slice(7)}`;
      const answer = await world.at({ headers: { cookie } }, path);
      return `${answer.status} ${await answer.text()}`;
    };

    const address = `${rows[0]?.subject}@example.org`;
    expect(await page(staff)).toMatch(/^200 /);
    expect(await page(staff)).toContain(address);
    expect(await page(staff)).toContain(`data-acting="${id}"`);
    expect(await page(staff, '/profile')).not.toContain(address);
    for (const path of [`/profile?acting=${id}`, `/profile?acting=${randomUUID()}`, '/profile?acting=']) {
      expect(await page(other, path)).toMatch(/^403 /);
      expect(await page(other, path)).not.toContain(address);
    }
  });

  test('whoever has to sign in first comes back to the same page', async () => {
    const answer = await world.at({ headers: {} }, '/profile?acting=019abcde-0000-7000-8000-000000000001');

    expect(answer.headers.get('location')).toBe(
      '/auth/login?returnTo=%2Fprofile%3Facting%3D019abcde-0000-7000-8000-000000000001',
    );
  });
});
