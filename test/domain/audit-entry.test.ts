import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AuditRecord,
  chained,
  type ChainHead,
  emptyChain,
  nextHead,
  type StoredAuditRecord,
} from '../../src/domain/audit-entry.ts';

const text = fc.string({ maxLength: 12 });
const record: fc.Arbitrary<Omit<AuditRecord, 'sequence'>> = fc.record({
  id: fc.uuid(),
  customerId: fc.uuid(),
  at: fc.date({ noInvalidDate: true, min: new Date('2000-01-01'), max: new Date('2100-01-01') }),
  actorType: fc.constantFrom('customer', 'staff', 'service', 'system'),
  actorId: text,
  action: text,
  changed: fc.array(text, { maxLength: 3 }),
  reason: fc.option(text),
  requestId: text,
  actingId: fc.option(fc.uuid()),
  keyId: fc.uuid(),
  sealed: fc.uint8Array({ minLength: 1, maxLength: 40 }),
});
const records = fc.array(record, { minLength: 1, maxLength: 8 });

function chain(all: readonly Omit<AuditRecord, 'sequence'>[]): StoredAuditRecord[] {
  let previousHash: Uint8Array = emptyChain.hash;
  return all.map((one, n) => {
    const numbered = { ...one, sequence: n + 1 };
    const stored = { ...numbered, previousHash, hash: chained(previousHash, numbered) };
    previousHash = stored.hash;
    return stored;
  });
}

/** How many records are good before the first broken one. */
function good(all: readonly StoredAuditRecord[]): number {
  let head: ChainHead | undefined = emptyChain;
  for (const [n, one] of all.entries()) {
    head = nextHead(head, one);
    if (!head) return n;
  }
  return all.length;
}

describe('audit chain (design §6)', () => {
  test('what was written verifies', () => {
    fc.assert(
      fc.property(records, (all) => {
        expect(good(chain(all))).toBe(all.length);
      }),
    );
  });

  test('a value moved from one field into the next is noticed, wherever it is', () => {
    const changes: ((one: StoredAuditRecord) => Partial<StoredAuditRecord>)[] = [
      ({ actorId, action }) => ({ actorId: `${actorId}${action}`, action: '' }),
      ({ changed }) => ({ changed: [changed.join('')] }),
      ({ changed, reason }) => ({ changed: [...changed, reason ?? ''] }),
      ({ reason }) => ({ reason: reason === null ? '' : null }),
      ({ actingId }) => ({ actingId: actingId ? null : '00000000-0000-4000-8000-000000000000' }),
      ({ at }) => ({ at: new Date(at.getTime() + 1) }),
      ({ sealed }) => ({ sealed: sealed.map((byte, n) => (n === 0 ? byte ^ 1 : byte)) }),
      ({ sequence }) => ({ sequence: sequence + 1 }),
      ({ hash }) => ({ hash: hash.map((byte) => byte ^ 1) }),
      ({ previousHash }) => ({ previousHash: previousHash.map((byte) => byte ^ 1) }),
    ];
    fc.assert(
      fc.property(records, fc.nat(), fc.constantFrom(...changes), (all, which, change) => {
        const whole = chain(all);
        const at = which % whole.length;
        const changed = whole.map((one, n) => (n === at ? { ...one, ...change(one) } : one));
        const [before, after] = [whole[at], changed[at]].map((one) => JSON.stringify(one));
        expect(good(changed)).toBe(before === after ? whole.length : at);
      }),
      { numRuns: 500 },
    );
  });

  test('a record left out, or two exchanged, is noticed', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 2, maxLength: 8 }), fc.nat(), (all, which) => {
        const whole = chain(all);
        const at = which % (whole.length - 1);
        expect(good(whole.toSpliced(at, 1))).toBe(at);
        expect(good(whole.with(at, whole[at + 1]!).with(at + 1, whole[at]!))).toBe(at);
      }),
    );
  });

  test('a record from before acting was known has the hash it had', () => {
    const before: AuditRecord = {
      id: '019abcde-0000-7000-8000-000000000001',
      customerId: '019abcde-0000-7000-8000-000000000002',
      sequence: 1,
      at: new Date(0),
      actorType: 'staff',
      actorId: 's',
      action: 'STAFF_ACCESS',
      changed: ['a'],
      reason: 'r',
      requestId: 'q',
      actingId: null,
      keyId: '019abcde-0000-7000-8000-000000000003',
      sealed: new Uint8Array([1, 2, 3]),
    };

    expect(chained(emptyChain.hash, before).toString('hex')).toBe(
      '0f0954035947c04fa499b897acd65c009dd7f2991fe839b1d6ca643179521cd7',
    );
  });
});
