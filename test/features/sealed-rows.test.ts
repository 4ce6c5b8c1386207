import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CustomerAccount } from '../../src/domain/customer-account.ts';
import { ContactInUse } from '../../src/domain/errors.ts';
import { emailLookupOf, parseEmail } from '../../src/domain/values/email.ts';
import { forUpdate } from '../../src/messaging/for-update.ts';
import { createKeyedHash } from '../../src/platform/keyed-hash.ts';
import { keyring, openRecords, type Records } from '../support/records.ts';

let records: Records;
beforeAll(async () => {
  records = await openRecords();
});
afterAll(() => records[Symbol.asyncDispose]());

const change = () => ({ at: new Date(), by: 'SELF' }) as const;
const profile = { givenName: 'Marker-Given', familyName: 'Marker-Family', birthDate: '1990-12-31' };

/** By another process, since a nested transaction would join. */
async function changeElsewhere(id: string, givenName: string): Promise<void> {
  const other = await openRecords({ databases: records.databases });
  try {
    await other.transact(async (em) => {
      const customer = await forUpdate(em, id);
      customer.updateProfile({ givenName }, customer.version, change());
    });
  } finally {
    await other[Symbol.asyncDispose]();
  }
}

async function everyByte(table: string): Promise<string> {
  const { rows } = await records.pool.query<{ row: string }>(`select t::text as row from ${table} t`);
  return rows
    .map(({ row }) => row + Buffer.from(row.replaceAll(/\\x|[^0-9a-f]/g, ''), 'hex').toString('latin1'))
    .join();
}

describe('sealed rows (design §6)', () => {
  test('no table holds in clear what was entered', async () => {
    const id = await records.register('marker@example.org', { profile });

    await records.transact(async (em) => {
      const customer = await forUpdate(em, id);
      customer.updateProfile({ givenName: 'Marker-New' }, customer.version, change());
    });

    for (const table of ['customer', 'audit_entry', 'outbox']) expect(await everyByte(table)).not.toMatch(/marker/i);
  });

  test('what was sealed is there again after a load', async () => {
    const id = await records.register('again@example.org', { profile });

    const person = await records.transact(async (em) => (await forUpdate(em, id)).person);

    expect(person).toMatchObject({ ...profile, email: { address: 'again@example.org' } });
  });

  test('a row that was read before its lock is opened again when it changed in between', async () => {
    const id = await records.register('read-first@example.org');

    await records.transact(async (em) => {
      await em.findOneOrFail(CustomerAccount, { id });
      await changeElsewhere(id, 'Marker-First');
      const customer = await forUpdate(em, id);
      customer.updateProfile({ familyName: 'Marker-Second' }, customer.version, change());
    });

    const person = await records.transact(async (em) => (await forUpdate(em, id)).person);
    expect(person).toMatchObject({ givenName: 'Marker-First', familyName: 'Marker-Second' });
  });

  test('a sealed value moved to another row is refused', async () => {
    const id = await records.register('from@example.org');
    const other = await records.register('to@example.org');
    await records.pool.query(
      'update customer t set sealed = f.sealed, key_id = f.key_id from customer f where f.id = $1 and t.id = $2',
      [id, other],
    );

    const load = records.transact((em) => forUpdate(em, other));

    await expect(load).rejects.toMatchObject({ code: 'SEAL_BROKEN' });
  });

  test('many rows of one load need one look-up of keys', async () => {
    const many = await openRecords({ databases: records.databases });
    const ids = await Promise.all(Array.from({ length: 20 }, (_, n) => records.register(`many-${n}@example.org`)));
    let lookups = 0;
    many.keysPool.on('acquire', () => (lookups += 1));

    const found = await many.transact((em) => em.find(CustomerAccount, { id: { $in: ids } }));

    expect(found.every(({ person }) => person?.email)).toBe(true);
    expect(lookups).toBe(1);
    await many[Symbol.asyncDispose]();
  });

  test('a customer whose key is destroyed is there without anything personal, and cannot be changed', async () => {
    const id = await records.register('erased@example.org', { profile });
    const { rows } = await records.pool.query<{ key_id: string }>('select key_id from customer where id = $1', [id]);
    await records.keys.destroy(rows.map(({ key_id }) => key_id));

    expect(await records.transact(async (em) => (await forUpdate(em, id)).person)).toBeNull();
    const write = records.transact(async (em) => {
      const customer = await forUpdate(em, id);
      customer.updateProfile({ displayName: 'x' }, customer.version, change());
    });
    await expect(write).rejects.toMatchObject({ code: 'STATUS_CONFLICT' });
  });
});

describe('e-mail index (design, decisions 9 and 12)', () => {
  test('an address is one however it is spelt', async () => {
    await records.register('Jos\u00e9.Stra\u00dfe@B\u00fccher.example');

    const again = records.register('jose\u0301.strasse@xn--bcher-kva.EXAMPLE');

    await expect(again).rejects.toBeInstanceOf(ContactInUse);
  });

  test('while keys rotate, an address is unique and found under the old key and the new one', async () => {
    const rotating = await openRecords({ databases: records.databases, indexKeys: keyring('1', '2') });
    const rotated = await openRecords({ databases: records.databases, indexKeys: keyring('2', '3') });
    const old = await records.register('old-key@example.org');
    const both = await rotating.register('both-keys@example.org');

    await expect(rotating.register('old-key@example.org')).rejects.toBeInstanceOf(ContactInUse);
    await expect(records.register('both-keys@example.org')).rejects.toBeInstanceOf(ContactInUse);
    await expect(rotated.register('both-keys@example.org')).rejects.toBeInstanceOf(ContactInUse);
    const columns =
      'select id, email_hash_even is not null as even, email_hash_odd is not null as odd from customer where id = any($1) order by id';
    const { rows } = await records.pool.query(columns, [[old, both]]);
    expect(rows).toEqual([
      { id: old, even: false, odd: true },
      { id: both, even: true, odd: true },
    ]);
    await rotating[Symbol.asyncDispose]();
    await rotated[Symbol.asyncDispose]();
  });

  test('hashes of versions 1 and 3 never meet, even under the same key', () => {
    const [lookup, one] = [emailLookupOf(parseEmail('a@example.org')), Buffer.alloc(32, 'same')];
    const first = createKeyedHash('email', new Map([['1', one]]));
    const third = createKeyedHash('email', new Map([['3', one]]));

    expect(first.hashes(lookup).odd?.equals(third.hashes(lookup).odd ?? Buffer.alloc(0))).toBe(false);
  });

  test('who is evicted frees the address at once', async () => {
    const id = await records.register('squatted@example.org', { emailVerified: false });

    await records.transact(async (em) => {
      (await forUpdate(em, id)).evict({ at: new Date(), by: 'SYSTEM' });
      await em.flush();
    });

    await expect(records.register('squatted@example.org')).resolves.toBeTypeOf('string');
  });
});
