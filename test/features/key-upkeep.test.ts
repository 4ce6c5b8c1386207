import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePhoneNumber } from '../../src/domain/values/phone-number.ts';
import { forUpdate } from '../../src/messaging/for-update.ts';
import { reindexAddresses, rewrapKeys, sweepKeys } from '../../src/messaging/key-upkeep.ts';
import { createKeyedHash } from '../../src/platform/keyed-hash.ts';
import { CustomerKeys } from '../../src/platform/keys.ts';
import { keyring, openRecords, type Records } from '../support/records.ts';

let records: Records;
beforeAll(async () => {
  records = await openRecords();
});
afterAll(() => records[Symbol.asyncDispose]());

let aheadMs = 0;
const partsWith = (...versions: string[]) => ({
  ...records,
  clock: { now: () => new Date(Date.now() + aheadMs) },
  emailIndex: createKeyedHash('email', keyring(...versions)),
  phoneIndex: createKeyedHash('phone', keyring(...versions)),
});

async function hashesOf(id: string): Promise<{ even: Buffer | null; odd: Buffer | null } | undefined> {
  const text = 'select email_hash_even as even, email_hash_odd as odd from customer where id = $1';
  return (await records.pool.query<{ even: Buffer | null; odd: Buffer | null }>(text, [id])).rows[0];
}

describe('keys change while customers are there (design, decision 12)', () => {
  test('every address is found under the new index key, and the older one can go', async () => {
    const ids = await Promise.all(['ada', 'bea', 'cleo'].map((name) => records.register(`${name}@example.org`)));
    const [both, latest] = [partsWith('1', '2'), partsWith('2')];

    expect(await reindexAddresses(both)).toBe(3);
    const [ada = ''] = ids;
    expect(await hashesOf(ada)).toEqual(both.emailIndex.hashes('ada@example.org'));
    expect(await reindexAddresses(both)).toBe(0);

    expect(await reindexAddresses(latest)).toBe(3);
    expect(await hashesOf(ada)).toEqual({ even: latest.emailIndex.current('ada@example.org'), odd: null });
    expect(await records.pool.query('select from audit_entry where customer_id = $1', [ada])).toMatchObject({
      rowCount: 1,
    });
  });

  test('a proven number, too', async () => {
    const id = await records.register('eli@example.org');
    const number = parsePhoneNumber('+4915112345678', 'value');
    await records.transact(async (em) => {
      const change = { at: new Date(), by: 'IDP' } as const;
      (await forUpdate(em, id)).takePhone(number, true, change, { id, since: change.at });
    });
    const both = partsWith('1', '2');

    await reindexAddresses(both);

    const text = 'select phone_hash_even as even, phone_hash_odd as odd from customer where id = $1';
    expect((await records.pool.query(text, [id])).rows).toEqual([both.phoneIndex.hashes(number)]);
    expect(await reindexAddresses(both)).toBe(0);
  });

  test('a third key takes the place of the first one', async () => {
    const id = await records.register('dora@example.org');
    await reindexAddresses(partsWith('2'));

    await reindexAddresses(partsWith('2', '3'));

    expect(await hashesOf(id)).toEqual(partsWith('2', '3').emailIndex.hashes('dora@example.org'));
  });

  test('every customer key is wrapped by the new key-encryption key', async () => {
    const made = await Promise.all([1, 2, 3].map(() => records.keys.create()));

    await rewrapKeys({ keys: new CustomerKeys(records.keysPool, keyring('kek-1', 'kek-2')) });

    const after = await new CustomerKeys(records.keysPool, keyring('kek-2')).getMany(made.map(({ id }) => id));
    expect(after.size).toBe(3);
    await rewrapKeys({ keys: new CustomerKeys(records.keysPool, keyring('kek-2', 'kek-1')) });
  });

  test('a key that sealed nothing for a day is deleted; those of customers, of forms and of today stay', async () => {
    const id = await records.register('emma@example.org');
    const [ofNobody, ofForm] = [await records.keys.create(), await records.keys.create()];
    await records.pool.query(
      `insert into registration_intent (customer_id, key_id, sealed, email_hash, locale, created_at, expires_at)
        values ($1, $1, '', '', 'en', now(), now())`,
      [ofForm.id],
    );
    expect(await sweepKeys(partsWith('2'))).toBe(0);
    aheadMs = 25 * 3_600_000;

    expect(await sweepKeys(partsWith('2'))).toBeGreaterThan(0);

    const { rows } = await records.pool.query<{ key: string }>('select key_id as key from customer where id = $1', [
      id,
    ]);
    const left = await new CustomerKeys(records.keysPool, keyring('kek-1')).getMany([
      ofNobody.id,
      ofForm.id,
      rows[0]?.key ?? '',
    ]);
    expect(left.has(ofNobody.id)).toBe(false);
    expect(new Set(left.keys())).toEqual(new Set([ofForm.id, rows[0]?.key]));
  });

  test('keys of a database that is not this one are left alone', async () => {
    const made = await Promise.all(Array.from({ length: 101 }, () => records.keys.create()));

    await expect(sweepKeys(partsWith('2'))).rejects.toThrow('none is deleted');

    expect((await records.keys.getMany(made.map(({ id }) => id))).size).toBe(101);
  });
});
