import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeyedHash } from '../../src/platform/keyed-hash.ts';
import { createSeal } from '../../src/platform/personal-data.ts';

const key = createSecretKey(randomBytes(32));
const place = { table: 'customer', column: 'sealed', row: 'row', keyId: 'key' };
const seal = createSeal();
const broken = expect.objectContaining({ code: 'SEAL_BROKEN' }) as Error;

describe('sealing (design §6)', () => {
  test('what is sealed opens again, and never looks the same twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const sealed = seal.seal(key, place, text);
        expect(seal.open(key, place, sealed)).toBe(text);
        expect(seal.seal(key, place, text).equals(sealed)).toBe(false);
      }),
    );
  });

  test('another table, column, row, key id or key opens nothing', () => {
    const sealed = seal.seal(key, place, 'text');

    for (const part of Object.keys(place)) {
      expect(() => seal.open(key, { ...place, [part]: 'other' }, sealed)).toThrow(broken);
    }
    expect(() => seal.open(key, { ...place, table: 'customer","sealed', column: '' }, sealed)).toThrow(broken);
    expect(() => seal.open(createSecretKey(randomBytes(32)), place, sealed)).toThrow(broken);
  });

  test('a byte that changed anywhere, or a shorter tag, opens nothing', () => {
    const sealed = seal.seal(key, place, 'text');

    for (const at of sealed.keys()) {
      const changed = Buffer.from(sealed.map((byte, n) => (n === at ? byte ^ 1 : byte)));
      expect(() => seal.open(key, place, changed)).toThrow(broken);
      expect(() => seal.open(key, place, sealed.subarray(0, at))).toThrow(broken);
    }
  });

  test('no nonce comes twice', () => {
    const nonces = Array.from({ length: 5000 }, () => seal.seal(key, place, '').subarray(1, 13).toString('hex'));

    expect(new Set(nonces).size).toBe(5000);
  });
});

describe('keyed hashes (design, decision 12)', () => {
  const keys = (...versions: string[]) => new Map(versions.map((version) => [version, Buffer.alloc(32, version)]));

  test('a hash stands in the column of its key’s parity; two versions stand side by side', () => {
    const [one, both] = [createKeyedHash('email', keys('1')), createKeyedHash('email', keys('1', '2'))];

    expect(one.hashes('a')).toEqual({ even: null, odd: both.hashes('a').odd });
    expect(both.lookups('a')).toEqual([both.hashes('a').odd, both.hashes('a').even]);
    expect(both.current('a')).toEqual(both.hashes('a').even);
    expect(createKeyedHash('phone', keys('1')).current('a')).not.toEqual(one.current('a'));
  });

  test.each([[[]], [['1', '3']], [['1', '2', '3']], [['0']], [['v1']], [['70000']]])(
    'keys %j are refused',
    (versions) => {
      expect(() => createKeyedHash('email', keys(...versions))).toThrow(Error);
    },
  );
});
