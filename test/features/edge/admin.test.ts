import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeWorld, openEdge } from '../../support/edge-world.ts';

let edge: EdgeWorld;
beforeAll(async () => {
  edge = await openEdge();
});
afterAll(() => edge.stop());

describe('the admin listener', () => {
  const deliver = async (body: string, key: string, age = 0): Promise<number> => {
    const t = Math.floor(Date.now() / 1000) - age;
    const signature = `t=${t},v1=${createHmac('sha256', key).update(`${t}.${body}`).digest('hex')}`;
    const url = `${edge.running.adminUrl}/internal/keycloak-events`;
    return (await fetch(url, { method: 'POST', body, headers: { 'x-signature': signature } })).status;
  };
  const event = JSON.stringify({
    events: [
      {
        id: randomUUID(),
        realm: 'customer',
        kind: 'user',
        type: 'LOGOUT',
        userId: randomUUID(),
        sessionId: 'x',
        time: 1,
        actor: { type: 'system' },
      },
    ],
  });

  test('a delivery is kept, once, when it is signed', async () => {
    const { pool } = edge.running.parts;

    expect([await deliver(event, edge.eventsKey), await deliver(event, edge.eventsKey)]).toEqual([204, 204]);
    expect((await pool.query(`select from inbox where source = 'keycloak'`)).rowCount).toBe(1);
  });

  test.each([
    ['with another key', event, 'x'.repeat(32), 0, 401],
    ['too old', event, undefined, 600, 401],
    ['no JSON', '{', undefined, 0, 400],
    ['without events', '{}', undefined, 0, 400],
    ['too large', `{"events":["${'x'.repeat(1_100_000)}"]}`, undefined, 0, 413],
  ])('a delivery that is %s is refused', async (_name, body, key, age, status) => {
    expect(await deliver(body, key ?? edge.eventsKey, age)).toBe(status);
  });

  test('readiness, liveness and figures are there, and nowhere else', async () => {
    const paths = ['/livez', '/readyz', '/metrics'];

    const admin = await Promise.all(paths.map(async (path) => (await fetch(edge.running.adminUrl + path)).status));
    const open = await Promise.all(paths.map(async (path) => (await fetch(edge.url + path)).status));

    expect(admin).toEqual([200, 200, 200]);
    expect(open).toEqual([404, 404, 404]);
  });
});
