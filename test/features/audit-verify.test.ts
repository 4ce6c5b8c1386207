import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyAudit } from '../../src/commands/audit-verify.ts';
import { forUpdate } from '../../src/messaging/for-update.ts';
import { openRecords, type Records } from '../support/records.ts';

let records: Records;
let id: string;
beforeEach(async () => {
  records = await openRecords();
  id = await records.register('audited@example.org');
  await records.register('bystander@example.org');
  for (const status of ['SUSPENDED', 'ACTIVE', 'SUSPENDED'] as const) {
    await records.transact(async (em) => {
      (await forUpdate(em, id)).changeStatus(status, 'STAFF', { at: new Date(), by: 'STAFF' });
    });
  }
});
afterEach(() => records[Symbol.asyncDispose]());

async function verify(): Promise<{ whole: boolean; lines: string[] }> {
  const lines: string[] = [];
  const whole = await verifyAudit({ DATABASE_URL: records.databases.url }, (line) => lines.push(line));
  return { whole, lines };
}

/** What somebody does who owns the database: switches the trigger off. */
async function tamper(statement: string, values: unknown[] = []): Promise<void> {
  await records.pool.query('alter table audit_entry disable trigger all');
  await records.pool.query(statement, values);
}

describe('audit (design §6)', () => {
  test('what was written verifies', async () => {
    expect(await verify()).toEqual({
      whole: true,
      lines: expect.arrayContaining(['2 customers, 5 records read.', 'Every chain is whole.']),
    });
  });

  test('what was written verifies after the key is destroyed', async () => {
    const { rows } = await records.pool.query<{ key_id: string }>('select key_id from customer where id = $1', [id]);

    await records.keys.destroy(rows.map(({ key_id }) => key_id));

    expect((await verify()).whole).toBe(true);
  });

  test.each([
    ['a byte of what is sealed', 'sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)'],
    ['the actor', `actor_id = 'somebody else'`],
    ['the time', `at = at - interval '1 ms'`],
    ['the reason', `reason = ''`],
    ['the list of fields', `changed = '{}'`],
    ['the hash', 'hash = set_byte(hash, 0, get_byte(hash, 0) # 1)'],
  ])('%s changed by hand is named', async (_what, change) => {
    await tamper(`update audit_entry set ${change} where customer_id = $1 and sequence = 3`, [id]);

    const { whole, lines } = await verify();

    expect(whole).toBe(false);
    expect(lines.at(-1)).toBe(`Broken: record 3 of customer ${id} is not what was written.`);
  });

  test('a record taken out is named, in the middle and at the end', async () => {
    await tamper('delete from audit_entry where customer_id = $1 and sequence = 4', [id]);
    expect((await verify()).lines.at(-1)).toBe(`Broken: record 4 of customer ${id} is missing.`);

    await tamper('delete from audit_entry where customer_id = $1 and sequence = 2', [id]);
    expect((await verify()).lines.at(-1)).toBe(`Broken: record 2 of customer ${id} is missing.`);
  });

  test('records of a customer who is not there are named', async () => {
    const removed = await records.pool.query('delete from customer where id = $1', [id]);

    expect(removed.rowCount).toBe(1);
    expect((await verify()).lines.at(-1)).toBe(`Broken: record 1 of customer ${id} is of nobody.`);
  });

  test('the database refuses to change or delete a record', async () => {
    for (const statement of [
      'update audit_entry set reason = null',
      'delete from audit_entry',
      'truncate audit_entry',
    ]) {
      await expect(records.pool.query(statement)).rejects.toThrow('audit entries are never changed');
    }
  });
});
