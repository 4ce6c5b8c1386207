import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  beginSignIn,
  createPendingSignIns,
  localPath,
  pendingSeconds,
} from '../../../src/features/authentication/pending-sign-ins.ts';

const origin = 'https://shop.example';
const key = Buffer.alloc(32, 1);
const start = new Date('2026-11-24T10:00:00Z');
const later = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);
const cookies = (now = start, tokenKey = key) => createPendingSignIns(tokenKey, () => now);

describe('where a sign-in returns to (FR-2, ASVS 3.7.2)', () => {
  test.each([
    ['/profile', '/profile'],
    ['/profile?tab=2#names', '/profile?tab=2#names'],
    ['/ä b', '/%C3%A4%20b'],
    ['/a/../profile', '/profile'],
    ['/%2F%2Fevil.example', '/%2F%2Fevil.example'],
  ])('%s stays ours', (given, path) => {
    expect(localPath(given, origin, '/')).toBe(path);
  });

  test.each([
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    'https://evil.example/profile',
    'https:evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    'profile',
    ' /profile',
    '',
    '/auth/logout',
    '/auth/login?returnTo=/',
    `/${'a'.repeat(2000)}`,
  ])('%j leads to the standard page', (given) => {
    expect(localPath(given, origin, '/profile')).toBe('/profile');
  });

  test('whatever is given, a browser stays with us', () => {
    const pieces = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '\t',
      '\n',
      '@',
      ':',
      '?',
      '#',
      '%2f',
      'evil.example',
      'https:',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const path = localPath(parts.join(''), origin, '/profile');

        expect(new URL(path, `${origin}/auth/callback`).origin).toBe(origin);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('sign-ins under way in several tabs (FR-2, ASVS 10.1.2)', () => {
  test('each tab finds its own again', () => {
    const both = [beginSignIn('/a', start), beginSignIn('/b', start)];

    expect(cookies().read(cookies().write(both))).toEqual(both);
  });

  test('none counts after five minutes', () => {
    const value = cookies().write([beginSignIn('/a', start)]);

    expect(cookies(later(pendingSeconds - 1)).read(value)).toHaveLength(1);
    expect(cookies(later(pendingSeconds)).read(value)).toEqual([]);
  });

  test('a hundred tabs fit into the cookie: the oldest give way', () => {
    const many = Array.from({ length: 100 }, (_, n) => beginSignIn(`/${'p'.repeat(300)}/${n}`, start));

    const value = cookies().write(many);

    expect(value.length + '__Host-login='.length).toBeLessThanOrEqual(4096);
    expect(cookies().read(value).at(-1)).toEqual(many.at(-1));
    expect(cookies().read(value).length).toBeGreaterThanOrEqual(3);
  });

  test('a cookie that is changed, foreign or nonsense holds nothing', () => {
    const value = cookies().write([beginSignIn('/a', start)]);
    const changed = `${value.slice(0, 20)}${value[20] === 'A' ? 'B' : 'A'}${value.slice(21)}`;

    for (const bad of [
      changed,
      cookies(start, Buffer.alloc(32, 2)).write([beginSignIn('/a', start)]),
      '',
      'x',
      undefined,
      '~'.repeat(50),
    ]) {
      expect(cookies().read(bad)).toEqual([]);
    }
  });

  test('its secrets cannot be read in the cookie', () => {
    const begun = beginSignIn('/a', start);

    const seen = Buffer.from(cookies().write([begun]), 'base64url').toString('latin1');

    for (const secret of [begun.state, begun.nonce, begun.verifier]) expect(seen).not.toContain(secret);
  });
});
