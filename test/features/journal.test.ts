import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { system } from '../../src/domain/access.ts';
import { CustomerAccount } from '../../src/domain/customer-account.ts';
import type { Change } from '../../src/domain/customer-facts.ts';
import { ContactInUse, NotFound, Unavailable } from '../../src/domain/errors.ts';
import { parseEmail } from '../../src/domain/values/email.ts';
import { findByIdentityForUpdate, forUpdate, ownForUpdate } from '../../src/messaging/for-update.ts';
import { createJournal } from '../../src/messaging/journal.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { entities } from '../../src/entities.ts';
import { openRecords, type Records } from '../support/records.ts';

let records: Records;
beforeAll(async () => {
  records = await openRecords();
});
afterAll(() => records[Symbol.asyncDispose]());

const self = (): Change => ({ at: new Date(), by: 'SELF' });
const rename = (id: string, displayName: string): Promise<void> =>
  records.transact(async (em) => {
    const customer = await forUpdate(em, id);
    customer.updateProfile({ displayName }, customer.version, self());
  });

async function rowOf(id: string): Promise<Record<string, unknown>> {
  const { rows } = await records.pool.query('select * from customer where id = $1', [id]);
  return rows[0] as Record<string, unknown>;
}

async function published(id: string): Promise<{ type: string; event: Record<string, unknown>; sequence: number }[]> {
  const { rows } = await records.pool.query('select * from outbox where customer_id = $1 order by position', [id]);
  return rows as never;
}

const audited = async (id: string): Promise<Record<string, unknown>[]> =>
  (await records.pool.query('select * from audit_entry where customer_id = $1 order by sequence', [id])).rows as never;

describe('journal (design §4, Mutation)', () => {
  test('a registration leaves one row, one audit record and one event', async () => {
    const id = await records.register('one@example.org', {
      profile: { displayName: 'One', locale: 'de-de', country: 'de' },
    });

    expect(await rowOf(id)).toMatchObject({
      status: 'ACTIVE',
      version: 1,
      sequence: 1,
      audit_sequence: 1,
      locale: 'de-DE',
    });
    expect(await audited(id)).toMatchObject([
      { action: 'REGISTERED', actor_type: 'system', actor_id: 'test', sequence: 1 },
    ]);
    expect(await published(id)).toMatchObject([
      {
        type: 'customers.CustomerRegistered.v1',
        sequence: 1,
        event: {
          specversion: '1.0',
          source: 'urn:customers',
          subject: id,
          partitionkey: id,
          sequence: '00000000000000000001',
          actortype: 'system',
          data: {
            customerId: id,
            status: 'ACTIVE',
            emailVerified: true,
            method: 'PASSWORD',
            locale: 'de-DE',
            country: 'DE',
          },
        },
      },
    ]);
  });

  test('fifty changes at once all count, in order and without gaps', async () => {
    const id = await records.register('fifty@example.org');

    await Promise.all(Array.from({ length: 50 }, (_, n) => rename(id, `name ${n}`)));

    expect(await rowOf(id)).toMatchObject({ version: 51, sequence: 51, audit_sequence: 51 });
    const numbers = Array.from({ length: 51 }, (_, n) => n + 1);
    expect((await published(id)).map(({ sequence }) => sequence)).toEqual(numbers);
    expect((await published(id)).slice(1).map(({ event }) => (event['data'] as { version: number }).version)).toEqual(
      numbers.slice(1),
    );
    expect((await audited(id)).map(({ sequence }) => sequence)).toEqual(numbers);
  });

  test('fifty registrations with one address: one is made, the others are told so and leave nothing', async () => {
    const before = await records.pool.query('select count(*)::int as n from outbox');

    const done = await Promise.allSettled(Array.from({ length: 50 }, () => records.register('Same@Example.org')));

    const failed = done.filter((one) => one.status === 'rejected');
    expect(failed).toHaveLength(49);
    expect(failed.every(({ reason }) => reason instanceof ContactInUse)).toBe(true);
    const after = await records.pool.query('select count(*)::int as n from outbox');
    expect(after.rows[0].n - before.rows[0].n).toBe(1);
  });

  test('work that throws leaves nothing behind', async () => {
    const id = await records.register('thrown@example.org');

    const work = records.transact(async (em) => {
      const customer = await forUpdate(em, id);
      customer.suspend(self());
      await em.flush();
      throw new NotFound();
    });

    await expect(work).rejects.toBeInstanceOf(NotFound);
    expect(await rowOf(id)).toMatchObject({ status: 'ACTIVE', sequence: 1, audit_sequence: 1 });
    expect(await published(id)).toHaveLength(1);
  });

  test('after a failed flush the same entities are refused, so that no half of a change is kept', async () => {
    const id = await records.register('failed@example.org');
    const other = await records.register('other@example.org');

    const work = records.transact(async (em) => {
      const customer = await forUpdate(em, id);
      customer.takeEmail(parseEmail('other@example.org'), true, self(), { id, since: new Date() });
      await em.flush().catch(() => undefined);
      // A transaction that failed takes no more statements; outside of it the entity is refused.
      customer.updateProfile({ displayName: 'half' }, customer.version, self());
      await em.flush();
    });

    await expect(work).rejects.toThrow('The last flush failed');
    expect(await rowOf(id)).toMatchObject({ version: 1, sequence: 1 });
    expect(await rowOf(other)).toMatchObject({ version: 1, sequence: 1 });
  });

  test('a nested transaction joins the outer one, and is undone with it', async () => {
    const id = await records.register('nested@example.org');

    const work = records.transact(async (em) => {
      (await forUpdate(em, id)).suspend(self());
      await records.transact(async (inner) => {
        expect(inner).toBe(em);
        (await forUpdate(inner, id)).reactivate(self());
      });
      throw new NotFound();
    });

    await expect(work).rejects.toBeInstanceOf(NotFound);
    expect(await rowOf(id)).toMatchObject({ status: 'ACTIVE', sequence: 1 });
  });

  test('two flushes in one transaction tell each change once', async () => {
    const id = await records.register('twice@example.org');

    await records.transact(async (em) => {
      const customer = await forUpdate(em, id);
      customer.suspend(self());
      await em.flush();
      customer.reactivate(self());
    });

    expect((await published(id)).slice(1).map(({ event }) => (event['data'] as { status: string }).status)).toEqual([
      'SUSPENDED',
      'ACTIVE',
    ]);
    expect(await rowOf(id)).toMatchObject({ version: 3, sequence: 3, audit_sequence: 3 });
  });

  test('a change outside a transaction of ours is refused', async () => {
    const id = await records.register('outside@example.org');
    const { orm, close } = await openDatabase({ url: records.databases.url, pool: 2 }, entities);
    createJournal({ ...records, orm, clock: { now: () => new Date() }, source: 'urn:customers' });

    const em = orm.em.fork();
    const customer = await em.findOneOrFail(CustomerAccount, { id });
    customer.suspend(self());

    await expect(em.flush()).rejects.toThrow('only inside transact');
    await close();
    expect(await rowOf(id)).toMatchObject({ status: 'ACTIVE' });
  });

  test('what only leaves a trace in the audit moves neither version nor facts', async () => {
    const id = await records.register('seen@example.org');

    await records.transact(async (em) => (await forUpdate(em, id)).shownToStaff());

    expect(await rowOf(id)).toMatchObject({ version: 1, sequence: 1, audit_sequence: 2 });
    expect(await audited(id)).toMatchObject([{}, { action: 'STAFF_ACCESS', changed: [] }]);
  });

  test('a sign-in is a fact and activity, and voids no open form', async () => {
    const id = await records.register('signin@example.org');
    const at = new Date('2026-11-24T10:00:00.123Z');

    await records.transact(async (em) => {
      (await forUpdate(em, id)).signedIn({ at, sessionId: 'h', method: 'PASSWORD', amr: ['pwd'] }, { at, by: 'SELF' });
    });

    expect(await rowOf(id)).toMatchObject({ version: 1, sequence: 2, last_activity_at: at });
  });

  test('loading a customer writes nothing', async () => {
    const id = await records.register('load@example.org');
    const before = await rowOf(id);

    await records.transact(async (em) => {
      await forUpdate(em, id);
    });

    expect(await rowOf(id)).toEqual(before);
  });

  test('the reason, the request and its cause are kept', async () => {
    const id = await records.register('why@example.org');
    const [requestId, causationId] = [v7(), v7()];

    await records.transactAs(
      { actor: { ...system('staff'), kind: 'person', id: 'sub-1' }, requestId, causationId, reason: 'a call' },
      async (em) => {
        (await forUpdate(em, id)).suspend({ at: new Date(), by: 'STAFF' });
      },
    );

    expect((await audited(id)).at(-1)).toMatchObject({
      reason: 'a call',
      request_id: requestId,
      actor_type: 'staff',
      actor_id: 'sub-1',
    });
    expect((await published(id)).at(-1)?.event).toMatchObject({
      correlationid: requestId,
      causationid: causationId,
      actortype: 'staff',
      actorid: 'sub-1',
    });
  });

  test('an identity finds its customer under the lock, in one statement; a stranger finds nobody', async () => {
    const id = await records.register('linked@example.org');
    await records.pool.query(`insert into identity_link values ('https://idp', 'sub-9', $1, now(), now())`, [id]);
    const identity = { issuer: 'https://idp', subject: 'sub-9' };

    const found = await records.transact(async (em) => (await ownForUpdate(em, identity)).id);

    expect(found).toBe(id);
    const stranger = { issuer: 'https://idp', subject: "x' or true --" };
    expect(await records.transact((em) => findByIdentityForUpdate(em, stranger))).toBeNull();
    await expect(records.transact((em) => ownForUpdate(em, stranger))).rejects.toBeInstanceOf(NotFound);
  });

  test('a database that is not there is unavailable, and soon', async () => {
    const { orm, close } = await openDatabase({ url: 'postgres://nobody:x@127.0.0.1:9/none', pool: 2 }, entities);
    const { transactAs } = createJournal({
      ...records,
      orm,
      clock: { now: () => new Date() },
      source: 'urn:customers',
    });

    const work = transactAs({ actor: system('test'), requestId: v7() }, (em) => forUpdate(em, v7()));

    await expect(work).rejects.toBeInstanceOf(Unavailable);
    await close();
  });
});
