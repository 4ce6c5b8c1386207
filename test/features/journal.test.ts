import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forUpdate } from '../../src/messaging/for-update.ts';
import { openRecords, type Records } from '../support/records.ts';

let records: Records;
beforeAll(async () => {
  records = await openRecords();
});
afterAll(() => records[Symbol.asyncDispose]());

describe('journal', () => {
  test('fifty changes at once all count', async () => {
    const id = await records.register('fifty@example.org');

    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        records.transact(async (em) => {
          const customer = await forUpdate(em, id);
          customer.updateProfile({ displayName: `name ${n}` }, customer.version, { at: new Date(), by: 'SELF' });
        }),
      ),
    );

    const { rows } = await records.pool.query('select version, sequence, audit_sequence from customer where id = $1', [
      id,
    ]);
    expect(rows).toEqual([{ version: 51, sequence: 51, audit_sequence: 51 }]);
  });
});
