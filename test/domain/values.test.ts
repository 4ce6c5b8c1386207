import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ValidationFailed } from '../../src/domain/errors.ts';
import { parseProfile } from '../../src/domain/profile.ts';
import { countries, parseCountry } from '../../src/domain/values/country.ts';
import { emailLookupOf, parseEmail } from '../../src/domain/values/email.ts';
import { parseLocale } from '../../src/domain/values/locale.ts';
import { parseDisplayName, parsePersonName } from '../../src/domain/values/person-name.ts';

const now = new Date('2026-11-24T12:00:00Z');
const lookup = (text: string): string => emailLookupOf(parseEmail(text));

function rulesOf(work: () => unknown): string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (!(error instanceof ValidationFailed)) throw error;
    return error.issues.map(({ path, rule }) => `${path.join('.')} ${rule}`);
  }
}

describe('e-mail addresses (design, decision 9)', () => {
  test.each([
    ['Ada@Example.ORG', 'ada@example.org'],
    ['  ada@example.org\n', 'ada@example.org'],
    ['ada+shop@example.org', 'ada+shop@example.org'],
    ['"ada lovelace"@example.org', '"ada lovelace"@example.org'],
    [`o'hara!#$%&*=?^_\`{|}~@example.org`, `o'hara!#$%&*=?^_\`{|}~@example.org`],
    ['ada@b\u00fccher.example', 'ada@xn--bcher-kva.example'],
    ['ada@XN--BCHER-KVA.example', 'ada@xn--bcher-kva.example'],
    ['jose\u0301@example.org', 'jos\u00e9@example.org'],
    ['\uff41da@example.org', 'ada@example.org'],
    ['STRASSE@example.org', 'strasse@example.org'],
    ['stra\u00dfe@example.org', 'strasse@example.org'],
    ['\u7528\u6237@\u4f8b\u5b50.\u4e2d\u56fd', '\u7528\u6237@xn--fsqu00a.xn--fiqs8s'],
  ])('%j is accepted and compared as %j', (typed, compared) => {
    expect(lookup(typed)).toBe(compared);
    expect(parseEmail(typed)).toBe(typed.trim());
  });

  test.each([
    '',
    'ada',
    '@example.org',
    'ada@',
    'ada@localhost',
    'a b@example.org',
    '.ada@example.org',
    'a..b@example.org',
    'ada@example..org',
    'ada@-example.org',
    'ada@127.0.0.1',
    'ada@[127.0.0.1]',
    'ada@ex%61mple.org',
    'ada@example.org/x',
    'ada\u0000@example.org',
    'ada@example.org\r\nBcc: x@example.org',
    'ada\u200b@example.org',
    'ada\ud800@example.org',
    'ada\uff20example.org',
    'ada@example.org@',
    '"ada@example.org',
    `${'a'.repeat(65)}@example.org`,
    'ada\u202e@example.org',
  ])('%j is refused', (typed) => {
    expect(rulesOf(() => parseEmail(typed))).toEqual(['email email']);
  });

  test('a dotless i is not an i: nobody gets the mail of somebody who looks like her', () => {
    expect(lookup('m\u0131ke@example.org')).not.toBe(lookup('mike@example.org'));
  });

  test('254 bytes are the most, before and after normalising', () => {
    const label = 'b'.repeat(60);
    const longest = `${'a'.repeat(64)}@${label}.${label}.${label}.ccc.de`;

    expect(longest).toHaveLength(254);
    expect(rulesOf(() => parseEmail(longest))).toEqual([]);
    expect(rulesOf(() => parseEmail(`${longest}e`))).toEqual(['email max_length']);
    expect(rulesOf(() => parseEmail('a'.repeat(1_000_000)))).toEqual(['email max_length']);
  });

  test('normalising twice changes nothing, and no input makes it fail otherwise', () => {
    const address = fc
      .tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), fc.domain())
      .map(([local, domain]) => `${local}@${domain}`);
    fc.assert(
      fc.property(fc.oneof(address, fc.emailAddress(), fc.string({ unit: 'binary' })), (text) => {
        if (rulesOf(() => parseEmail(text)).length) return;
        const once = lookup(text);
        expect(lookup(once)).toBe(once);
      }),
      { numRuns: 500 },
    );
    // A busy machine takes its time over so many domains.
  }, 60_000);

  test('an error never repeats the address', () => {
    expect(() => parseEmail('marker value@example.org')).toThrow(/^((?!marker).)*$/);
  });
});

describe('profile values (spec §3.1)', () => {
  test('every issue is told at once, and none repeats a value', () => {
    const input = {
      givenName: 'a'.repeat(101),
      familyName: 'bell\u0007',
      displayName: 'b'.repeat(61),
      birthDate: '2026-11-26',
      locale: 'no such tag',
      country: 'XX',
    };

    const issues = rulesOf(() => parseProfile(input, now));

    expect(issues.toSorted()).toEqual([
      'birthDate future',
      'country country',
      'displayName max_length',
      'familyName characters',
      'givenName max_length',
      'locale locale',
    ]);
  });

  test('null and blank take a value away; what is left out is not mentioned', () => {
    expect(parseProfile({ givenName: null, familyName: '  ', locale: '' }, now)).toEqual({
      givenName: null,
      familyName: null,
      locale: null,
    });
  });

  test('names are kept in NFC, in any script, and counted in characters', () => {
    expect(parsePersonName(' Jose\u0301 ', 'givenName')).toBe('Jos\u00e9');
    expect(parsePersonName('\ud842\udfb7'.repeat(100), 'givenName')).toBe('\ud842\udfb7'.repeat(100));
    for (const text of ['a\ud800', 'a\u202eb', 'a\nb', 'a\u2028b']) {
      expect(rulesOf(() => parsePersonName(text, 'givenName'))).toEqual(['givenName characters']);
    }
  });

  test('what Keycloak would refuse in a name is refused here, but not in the name that others see', () => {
    // The last one is a Greek question mark, which is kept as a semicolon.
    for (const character of Array.from('<>&"$%!#?§;*~/\\|^=[]{}()\u037e')) {
      const text = `Ada ${character}`;
      expect(rulesOf(() => parsePersonName(text, 'familyName'))).toEqual(['familyName name_characters']);
      expect(parseDisplayName(text)).toBe(text.normalize('NFC'));
    }
  });

  test.each(["O'Neill", 'O’Neill', 'Anne-Marie', 'Müller', '李', 'St. John', 'María José', 'Ng, Jr.', 'X Æ A-12'])(
    '%s is a name',
    (name) => {
      expect(parsePersonName(name, 'givenName')).toBe(name);
    },
  );

  test.each([
    ['1900-01-01', []],
    ['1899-12-31', ['birthDate min']],
    ['2024-02-29', []],
    ['2023-02-29', ['birthDate date']],
    ['2026-13-01', ['birthDate date']],
    ['24.11.1990', ['birthDate date']],
    ['2026-11-24', []],
    ['2026-11-26', ['birthDate future']],
  ])('born on %s', (birthDate, issues) => {
    expect(rulesOf(() => parseProfile({ birthDate }, now))).toEqual(issues);
  });

  test('language tags are kept in canonical form, up to 35 characters', () => {
    expect(parseLocale('DE-de')).toBe('de-DE');
    expect(parseLocale('iw')).toBe('he');
    expect(rulesOf(() => parseLocale('de_DE'))).toEqual(['locale locale']);
    expect(rulesOf(() => parseLocale(`de-${'x-'.repeat(20)}`))).toEqual(['locale max_length']);
  });

  test('there are 249 countries, and Unicode has a name for each', () => {
    const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

    expect(countries.size).toBe(249);
    expect([...countries].filter((code) => !names.of(code))).toEqual([]);
    expect(parseCountry('de')).toBe('DE');
    for (const text of ['EU', 'UK', 'XK', 'D', 'DEU', '\ufb01']) {
      expect(rulesOf(() => parseCountry(text))).toEqual(['country country']);
    }
  });
});
