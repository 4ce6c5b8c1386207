import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyChains } from '../../../src/messaging/audit-chains.ts';
import { endSessions } from '../../../src/platform/end-sessions.ts';
import { ActingWorld, reason, supportRights } from '../../support/acting-world.ts';
import { openEdge } from '../../support/edge-world.ts';
import { followByEvents } from '../../support/live-clients.ts';

let world: ActingWorld;
beforeAll(async () => {
  world = new ActingWorld(await openEdge());
});
afterAll(() => world.edge.stop());

const me = '{ me { id givenName locale email { address } } }';
const change = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename
  ... on CustomerPayload { customer { id givenName version } } } }`;

describe('acting for a customer (FR-2, decision 30)', () => {
  test('staff see what she would see, under their own token, and she sees who did, and why', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];

    const { id, headers } = await world.acting(staff, customerId);
    const seen = await world.ask(headers, me);

    expect(seen.me).toMatchObject({ id: customerId, email: { address: expect.stringContaining('@example.org') } });
    const by = { actorType: 'staff', actorId: staff.subject, reason, actingId: id };
    expect((await world.audit(customerId)).slice(1)).toEqual([
      { ...by, action: 'ACTING_BEGAN' },
      { ...by, action: 'STAFF_ACCESS' },
    ]);
  });

  test('without the header the same token is nobody but herself', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    await world.acting(staff, customerId);

    const { me: own } = await world.ask(staff.headers, me);

    expect(own.id).not.toBe(customerId);
    expect((await world.audit(customerId)).map(({ action }) => action)).toEqual(['REGISTERED', 'ACTING_BEGAN']);
  });

  test('while acting, staff rights do not count: other customers are as for a customer', async () => {
    const [staff, customerId, other] = [await world.staff(), await world.customer(), await world.customer()];
    const { headers } = await world.acting(staff, customerId);

    expect(await world.ask(headers, `{ customer(id: "${other}") { id } }`)).toBe('FORBIDDEN');
    expect(await world.ask(headers, '{ customers { edges { cursor } } }')).toBe('FORBIDDEN');
    const entities = `{ _entities(representations: [{ __typename: "Customer", id: "${other}" },
      { __typename: "Customer", id: "${customerId}" }]) { ... on Customer { id locale version emailLookup identity { subject } } } }`;
    const router = { ...headers, 'x-router-secret': world.edge.routerSecret };
    expect((await world.ask(router, entities))._entities).toEqual([
      { id: other, locale: null, version: null, emailLookup: null, identity: null },
      { id: customerId, locale: null, version: 1, emailLookup: null, identity: null },
    ]);
  });

  test('it says what is under way, for 15 minutes, and ends when told', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    const { id, headers } = await world.acting(staff, customerId);

    const told = await world.underWay(staff);

    expect(told).toMatchObject({ id, customerId, reason, write: false });
    expect(Date.parse(told.until) - Date.parse(told.startedAt)).toBe(15 * 60_000);
    expect(await world.underWay({ headers })).toMatchObject({ id });
    expect((await world.at({ headers }, '/auth/acting', { method: 'DELETE' })).status).toBe(204);
    expect(await world.underWay(staff)).toBeNull();
    expect(await world.ask(headers, me)).toBe('FORBIDDEN');
    expect((await world.at(staff, '/auth/acting', { method: 'DELETE' })).status).toBe(204);
    expect((await world.audit(customerId)).map(({ action }) => action)).toEqual([
      'REGISTERED',
      'ACTING_BEGAN',
      'ACTING_ENDED',
    ]);
  });

  test('to act for the next one ends the first', async () => {
    const [staff, first, second] = [await world.staff(), await world.customer(), await world.customer()];
    const before = await world.acting(staff, first);
    const after = await world.acting(staff, second);

    expect(await world.ask(before.headers, me)).toBe('FORBIDDEN');
    expect((await world.ask(after.headers, me)).me.id).toBe(second);
    expect((await world.audit(first)).at(-1)).toMatchObject({ action: 'ACTING_ENDED', actingId: before.id });
  });

  test('of two that begin at the same moment in one session, one is under way', async () => {
    const staff = await world.staff();
    const customers = await Promise.all([1, 2, 3, 4].map(() => world.customer()));

    const begun = await Promise.all(customers.map((customerId) => world.begin(staff, { customerId, reason })));

    const { rows } = await world.edge.running.parts.pool.query(
      'select count(*)::int as n from acting where sid = $1 and ended_at is null',
      [staff.sid],
    );
    expect(rows).toEqual([{ n: 1 }]);
    expect(begun.every(({ status }) => status === 201 || status === 503)).toBe(true);
  });
});

describe('changing something while acting', () => {
  test('without the grant nothing is changed', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    const { headers } = await world.acting(staff, customerId);

    expect(await world.ask(headers, change, { input: { expectedVersion: 1, givenName: 'Eve' } })).toBe('FORBIDDEN');
    expect((await world.ask(headers, me)).me.givenName).toBeNull();
  });

  test('with it her record is changed, by staff, with the reason, and nothing of their own', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    const { id, headers } = await world.acting(staff, customerId, true);

    const done = await world.ask(headers, change, { input: { expectedVersion: 1, givenName: 'Ann' } });

    expect(done.updateProfile.customer).toEqual({ id: customerId, givenName: 'Ann', version: 2 });
    expect((await world.audit(customerId)).find(({ action }) => action === 'PROFILE_CHANGED')).toEqual({
      action: 'PROFILE_CHANGED',
      actorType: 'staff',
      actorId: staff.subject,
      reason,
      actingId: id,
    });
    expect((await world.ask(staff.headers, me)).me.givenName).toBeNull();
    const { rows } = await world.edge.running.parts.pool.query(
      `select event->>'actortype' as by, event->'data'->>'reason' as reason from outbox
        where customer_id = $1 and type like '%CustomerUpdated%'`,
      [customerId],
    );
    expect(rows).toEqual([{ by: 'staff', reason: 'STAFF' }]);
  });

  test('the id of another customer in the input is as if it did not exist', async () => {
    const [staff, customerId, other] = [await world.staff(), await world.customer(), await world.customer()];
    const { headers } = await world.acting(staff, customerId, true);

    const input = { customerId: other, expectedVersion: 1, givenName: 'Eve', reason };
    expect((await world.ask(headers, change, { input })).updateProfile.__typename).toBe('NotFoundError');
  });

  test('the grant needs the right to change records, and a proof of the last minutes', async () => {
    const customerId = await world.customer();
    const reader = await world.staff(supportRights.filter((right) => right !== 'customer:write'));
    const tired = await world.staff(supportRights, { auth_time: Math.floor(Date.now() / 1000) - 400 });
    const wish = { customerId, reason, write: true };

    expect((await world.begin(reader, wish)).status).toBe(403);
    const asked = await world.begin(tired, wish);

    expect([asked.status, await asked.json()]).toMatchObject([
      401,
      { code: 'STEP_UP_REQUIRED', acr: '2', authUrl: expect.stringContaining('/auth/login?acr=2') },
    ]);
    expect((await world.begin(tired, { customerId, reason })).status).toBe(201);
  });
});

describe('an acting belongs to one session', () => {
  test('for everybody else it is as if it did not exist', async () => {
    const [staff, other, customerId] = [await world.staff(), await world.staff(), await world.customer()];
    const { id } = await world.acting(staff, customerId);
    const again = await world.session(staff.subject, { sid: randomUUID(), acr: '2' });
    const weak = await world.session(staff.subject, { sid: staff.sid, acr: '1' });
    const reduced = await world.session(staff.subject, { sid: staff.sid, acr: '2' }, ['customer:self']);

    const answers = [other, again, weak, reduced].map(({ headers }) => world.ask({ ...headers, 'x-acting': id }, me));
    const unknown = world.ask({ ...other.headers, 'x-acting': randomUUID() }, me);

    expect(await Promise.all([...answers, unknown])).toEqual(Array.from({ length: 5 }, () => 'FORBIDDEN'));
    expect(await world.ask({ 'x-acting': id }, me)).toBe('UNAUTHENTICATED');
    expect(await world.underWay(other)).toBeNull();
    expect((await world.at(other, '/auth/acting', { method: 'DELETE' })).status).toBe(204);
    expect(await world.underWay(staff)).toMatchObject({ id });
  });

  test.each(['', 'x', `${randomUUID()}, ${randomUUID()}`])(
    'the header “%s” names nothing, and is refused',
    async (id) => {
      const staff = await world.staff();

      expect(await world.ask({ ...staff.headers, 'x-acting': id }, me)).toBe('FORBIDDEN');
    },
  );
});

describe('the end of an acting', () => {
  type Happens = (staff: { subject: string; sid: string }, customerId: string) => Promise<void>;
  const revoke = (ended: { sid: string } | { subject: string }): Promise<void> =>
    endSessions(world.edge.running.parts.pool, world.edge.issuer, ended, 'LOGOUT', new Date());
  const ends: [string, string | null, Happens][] = [
    ['her session is revoked', 'SESSION', ({ sid }) => revoke({ sid })],
    ['all her sessions are revoked', 'SESSION', ({ subject }) => revoke({ subject })],
    ['its 15 minutes are over', null, ({ sid }) => runOut(sid)],
    ...(['SUSPENDED', 'DEACTIVATED', 'ERASING', 'ERASED', 'MERGED'] as const).map((status): (typeof ends)[number] => [
      `the customer becomes ${status}`,
      'CUSTOMER',
      (_staff, customerId) => world.sql('update customer set status = $2 where id = $1', customerId, status),
    ]),
  ];
  const runOut = (sid: string): Promise<void> =>
    world.sql(
      `update acting set started_at = now() - interval '20 minutes', ends_at = now() - interval '5 minutes' where sid = $1`,
      sid,
    );

  test.each(ends)('%s', async (_what, endReason, happens) => {
    const [staff, other] = [await world.staff(), await world.staff()];
    const [customerId, another] = [await world.customer(), await world.customer()];
    const { id, headers } = await world.acting(staff, customerId);
    const bystander = await world.acting(other, another);

    await happens(staff, customerId);

    await expect.poll(() => world.ask(headers, me), { timeout: 2000 }).toMatch(/FORBIDDEN|UNAUTHENTICATED/);
    const { rows } = await world.edge.running.parts.pool.query('select end_reason as "how" from acting where id = $1', [
      id,
    ]);
    expect(rows).toEqual([{ how: endReason }]);
    expect((await world.ask(bystander.headers, me)).me.id).toBe(another);
  });

  test('after the 15 minutes she may begin anew in the same session', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    const before = await world.acting(staff, customerId);
    await runOut(staff.sid);
    expect(await world.underWay(staff)).toBeNull();

    const after = await world.acting(staff, customerId);

    expect((await world.ask(after.headers, me)).me.id).toBe(customerId);
    expect(await world.ask(before.headers, me)).toBe('FORBIDDEN');
  });

  test('a customer who is reactivated within the time is not acted for again', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    const { headers } = await world.acting(staff, customerId);

    await world.sql(`update customer set status = 'SUSPENDED' where id = $1`, customerId);
    await world.sql(`update customer set status = 'ACTIVE' where id = $1`, customerId);

    expect(await world.ask(headers, me)).toBe('FORBIDDEN');
  });

  test('an open stream ends within a second, though the token goes on', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    const { headers } = await world.acting(staff, customerId);
    const follower = followByEvents(`${world.edge.url}/graphql`, () => headers);
    const own = followByEvents(`${world.edge.url}/graphql`, () => staff.headers);
    await expect.poll(() => follower.cursors.length + own.cursors.length).toBe(2);

    await world.at(staff, '/auth/acting', { method: 'DELETE' });

    await expect.poll(() => follower.isOpen(), { timeout: 2000 }).toBe(false);
    expect(own.isOpen()).toBe(true);
    own.leave();
  });

  test('an open stream ends with the 15 minutes', async () => {
    const [staff, customerId] = [await world.staff(), await world.customer()];
    const { id, headers } = await world.acting(staff, customerId);
    await world.sql(`update acting set ends_at = now() + interval '1500 milliseconds' where id = $1`, id);
    const follower = followByEvents(`${world.edge.url}/graphql`, () => headers);
    await expect.poll(() => follower.cursors.length).toBe(1);

    await expect.poll(() => follower.isOpen(), { timeout: 4000 }).toBe(false);
  });

  test('the chains of audit are whole', async () => {
    expect((await verifyChains(world.edge.running.parts.pool)).broken).toBeUndefined();
  });
});
