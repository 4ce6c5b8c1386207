import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  endOf,
  graceSeconds,
  handleFrom,
  hashesFrom,
  hashOfHandle,
  parseHandle,
  type SessionState,
  standingOf,
  successorOf,
} from '../../src/domain/session-token.ts';

const key = Buffer.alloc(32, 7);
const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
const handles = bytes.map(handleFrom);
const limits = { idleSeconds: 3600, maxSeconds: 7200 };
const start = new Date('2026-11-24T10:00:00.000Z');
const after = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);
const session: SessionState = {
  generation: 3,
  rotatedAt: start,
  lastSeenAt: start,
  expiresAt: after(7200),
  ended: false,
  accountStatus: 'ACTIVE',
};

describe('the handle of a session (FR-2, decision 6)', () => {
  test('it comes back from the cookie as it went, and nothing else does', () => {
    fc.assert(fc.property(bytes, (raw) => parseHandle(handleFrom(raw)) === handleFrom(raw)));
    fc.assert(fc.property(fc.string(), (text) => parseHandle(text) === undefined));
    expect(parseHandle(undefined)).toBeUndefined();
  });

  test('a spelling with spare bits set is not the handle', () => {
    const handle = handleFrom(Buffer.alloc(32));

    expect(parseHandle(`${handle.slice(0, 42)}B`)).toBeUndefined();
  });

  test('its successor is the same on every replica and differs under another key', () => {
    fc.assert(
      fc.property(handles, (handle) => {
        const next = successorOf(handle, key);

        expect(next).toBe(successorOf(handle, Buffer.from(key)));
        expect(next).not.toBe(successorOf(handle, Buffer.alloc(32, 8)));
      }),
    );
  });

  test('a stored hash is found from every earlier handle, at the number of uses between them', () => {
    fc.assert(
      fc.property(handles, fc.nat(20), (first, uses) => {
        let current = first;
        for (let n = 0; n < uses; n += 1) current = successorOf(current, key);

        const found = hashesFrom(first, key, 20).findIndex((hash) => hash.equals(hashOfHandle(current)));

        expect(found).toBe(uses);
      }),
    );
  });

  test('what is stored does not show the handle', () => {
    fc.assert(
      fc.property(handles, (handle) => {
        expect(hashOfHandle(handle).toString('base64url')).not.toBe(handle);
      }),
    );
  });

  test('only 32 bytes make a handle', () => {
    expect(() => handleFrom(Buffer.alloc(31))).toThrow(RangeError);
  });
});

describe('what a handle is worth (FR-2, §7)', () => {
  test('the current one counts until the session is idle too long or at its end', () => {
    expect(standingOf(session, 0, limits, after(3599))).toBe('current');
    expect(standingOf(session, 0, limits, after(3600))).toBe('expired');
    expect(standingOf({ ...session, lastSeenAt: after(7000) }, 0, limits, after(7200))).toBe('expired');
  });

  test('the one before counts for the grace only', () => {
    expect(standingOf(session, 1, limits, after(graceSeconds))).toBe('previous');
    expect(standingOf(session, 1, limits, after(graceSeconds + 1))).toBe('reused');
  });

  test('whoever shows an older one has a copy, however soon', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1000 }), fc.integer({ min: 0, max: 3599 }), (uses, seconds) => {
        expect(standingOf(session, uses, limits, after(seconds))).toBe('reused');
      }),
    );
  });

  test('nothing counts after the end, and none of a closed account', () => {
    expect(standingOf({ ...session, ended: true }, 0, limits, start)).toBe('over');
    for (const accountStatus of ['SUSPENDED', 'DEACTIVATED', 'ERASING', 'ERASED', 'MERGED', 'GUEST'] as const) {
      expect(standingOf({ ...session, accountStatus }, 0, limits, start)).toBe('closed');
    }
  });

  test('no use moves the end past the absolute maximum', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 7200 }), (seen) => {
        expect(endOf({ ...session, lastSeenAt: after(seen) }, limits) <= after(7200)).toBe(true);
      }),
    );
  });
});
