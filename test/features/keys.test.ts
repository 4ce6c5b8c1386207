import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CustomerKeys } from '../../src/platform/keys.ts';
import { keyring, openRecords, type Records } from '../support/records.ts';

let records: Records;
beforeAll(async () => {
  records = await openRecords();
});
afterAll(() => records[Symbol.asyncDispose]());

const exported = async (keys: CustomerKeys, id: string): Promise<string | undefined> =>
  (await keys.getMany([id])).get(id)?.export().toString('hex');

describe('customer keys (design §6)', () => {
  test('a key is stored wrapped, and another process reads it', async () => {
    const { id, key } = await records.keys.create();

    const other = new CustomerKeys(records.keysPool, keyring('kek-1'));

    expect(await exported(other, id)).toBe(key.export().toString('hex'));
    const { rows } = await records.keysPool.query<{ wrapped: Buffer }>(
      'select wrapped from customer_key where id = $1',
      [id],
    );
    expect(rows[0]?.wrapped.includes(key.export())).toBe(false);
  });

  test('a destroyed key is gone, here and in the database', async () => {
    const { id } = await records.keys.create();

    await records.keys.destroy([id]);

    expect((await records.keys.getMany([id])).size).toBe(0);
    expect((await new CustomerKeys(records.keysPool, keyring('kek-1')).getMany([id])).size).toBe(0);
    const { rows } = await records.keysPool.query('select wrapped from customer_key where id = $1', [id]);
    expect(rows).toEqual([{ wrapped: Buffer.alloc(0) }]);
  });

  test('a new key-encryption key takes over, and the old one can go', async () => {
    const { id, key } = await records.keys.create();
    const rotating = new CustomerKeys(records.keysPool, keyring('kek-1', 'kek-2'));

    while ((await rotating.rewrap(1)) > 0);

    const after = new CustomerKeys(records.keysPool, keyring('kek-2'));
    expect(await exported(after, id)).toBe(key.export().toString('hex'));
    expect(
      await exported(new CustomerKeys(records.keysPool, keyring('kek-1')), id).catch((error: unknown) => error),
    ).toMatchObject({
      code: 'KEY_NOT_READABLE',
    });
  });

  test('a wrapped key moved to another id is refused', async () => {
    const [one, other] = [await records.keys.create(), await records.keys.create()];
    await records.keysPool.query(
      'update customer_key set wrapped = (select wrapped from customer_key where id = $1) where id = $2',
      [one.id, other.id],
    );

    const read = new CustomerKeys(records.keysPool, keyring('kek-1')).getMany([other.id]);

    await expect(read).rejects.toMatchObject({ code: 'KEY_NOT_READABLE' });
  });
});
