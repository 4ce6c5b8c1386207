import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';

let edge: EdgeWorld;
const subject = randomUUID();
beforeAll(async () => {
  edge = await openEdge();
  await linkedCustomer(edge, subject);
});
afterAll(() => edge.stop());

const me = { query: '{ me { id status } }' };
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

describe('access tokens (ASVS 9.1, 9.2; design, decision 22)', () => {
  test('a good token of a linked customer is hers', async () => {
    const answer = await edge.ask(me, bearer(await edge.token(subject)));

    expect(await answer.json()).toMatchObject({ data: { me: { status: 'ACTIVE' } } });
  });

  test('one that has ended is refused, in words that say no more', async () => {
    const exp = Math.floor(Date.now() / 1000) - 60;

    const answer = await edge.ask(me, bearer(await edge.token(subject, { claims: { exp } })));

    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({
      type: 'about:blank',
      title: 'Sign in first.',
      status: 401,
      code: 'UNAUTHENTICATED',
    });
  });

  test('sixty unknown keys make the issuer serve its keys five times at most', async () => {
    const before = edge.keyFetches();

    for (let n = 0; n < 60; n += 1) {
      await edge.ask(me, bearer(await edge.token(subject, { header: { kid: `unknown-${n}` } })));
    }

    expect(edge.keyFetches() - before).toBeLessThanOrEqual(5);
  });

  test('a bearer beside a cookie is refused, also when both are good', async () => {
    const token = await edge.token(subject);

    const answer = await edge.ask(me, { ...bearer(token), cookie: `__Host-access=${token}` });

    expect(answer.status).toBe(401);
  });

  test('staff rights count only with a second factor', async () => {
    const roles = { resource_access: { 'customer-api': { roles: ['customer:self', 'customer:read'] } } };
    const list = { query: '{ customers(first: 1) { edges { cursor } } }' };

    const [weak, strong] = await Promise.all(
      [{}, { acr: '2' }].map(async (more) =>
        edge.ask(list, bearer(await edge.token(subject, { claims: { ...roles, ...more } }))),
      ),
    );

    expect(await weak?.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    expect(await strong?.json()).toMatchObject({ data: { customers: { edges: [{}] } } });
  });

  test('a service needs no second factor, and has no record of its own', async () => {
    const roles = { resource_access: { 'customer-api': { roles: ['customer:self', 'customer:read'] } } };
    const claims = { ...roles, sid: undefined, auth_time: undefined, client_id: 'customer-cli' } as never;
    const query = '{ me { id } customers(first: 1) { edges { cursor } } }';

    const answer = await edge.ask({ query }, bearer(await edge.token(randomUUID(), { claims })));

    expect(await answer.json()).toMatchObject({ data: { me: null, customers: { edges: [{}] } } });
  });

  test('a session that was revoked is refused within two seconds, and its token never again', async () => {
    const sid = randomUUID();
    const token = await edge.token(subject, { claims: { sid } });
    expect((await edge.ask(me, bearer(token))).status).toBe(200);

    await edge.running.parts.pool.query(
      `insert into revocation (issuer, sid, expires_at) values ($1, $2, now() + interval '1 hour')`,
      [edge.issuer, sid],
    );

    await expect.poll(async () => (await edge.ask(me, bearer(token))).status, { timeout: 2000 }).toBe(401);
  });

  test('no token reaches the log', async () => {
    const token = await edge.token(subject);

    await edge.ask(me, bearer(`${token}x`));

    expect(edge.log()).not.toContain(token.slice(0, 40));
  });
});
