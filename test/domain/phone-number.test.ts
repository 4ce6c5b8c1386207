import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ValidationFailed } from '../../src/domain/errors.ts';
import { parsePhoneNumber, phoneDetails } from '../../src/domain/values/phone-number.ts';
import { prefixOf, takesTextMessages } from '../../src/domain/values/text-number.ts';

const read = (text: string): string => parsePhoneNumber(text, 'phone');

function refusalOf(text: string): ValidationFailed | undefined {
  try {
    read(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof ValidationFailed)) throw error;
    return error;
  }
}

describe('telephone numbers (design, decision 11)', () => {
  test.each([
    ['+4915112345678', '+4915112345678'],
    ['+49 (0)151 1234-5678', '+4915112345678'],
    ['0049 151 12345678', '+4915112345678'],
    [' +43 664 1234567 ', '+436641234567'],
    ['+41 79 123 45 67', '+41791234567'],
    ['+1 (201) 555-0123', '+12015550123'],
  ])('%j is %s', (typed, number) => {
    expect(read(typed)).toBe(number);
  });

  test.each([
    '',
    '0151 12345678',
    '+49',
    '+49 1',
    '+999 123456789',
    '+49 151 12345678 ext. 7',
    'call +49 151 12345678',
    '+49151123456789012345',
    'tel:+4915112345678;ext=1',
    '+4915112345678\n+4915112345679',
    '+'.padEnd(60, '1'),
  ])('%j is none, and the error does not repeat it', (typed) => {
    const refused = refusalOf(typed);

    expect(refused?.issues).toMatchObject([{ path: ['phone'], rule: 'phone' }]);
    expect(JSON.stringify([refused?.message, refused?.issues])).not.toContain(typed || 'nothing');
  });

  test('a number read again is the same, in both spellings of its details', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999_999 }), (line) => {
        const number = parsePhoneNumber(`+49151${String(line).padStart(8, '1')}`, 'phone');
        expect(read(phoneDetails(number).international)).toBe(number);
        expect(phoneDetails(number).national.replaceAll(' ', '')).toBe(number.replace('+49', '0'));
      }),
    );
  });

  test('its country and spellings are known', () => {
    expect(phoneDetails(parsePhoneNumber('+436641234567', 'phone'))).toEqual({
      region: 'AT',
      national: '0664 1234567',
      international: '+43 664 1234567',
    });
    expect(phoneDetails(parsePhoneNumber('+870773111632', 'phone')).region).toBeNull();
  });

  test.each([
    ['+4915112345678', true],
    ['+12015550123', true],
    ['+493012345678', false],
    ['+499001234567', false],
    ['+498001234567', false],
  ])('whether a text message reaches %s: %s', (typed, reached) => {
    expect(takesTextMessages(parsePhoneNumber(typed, 'phone'))).toBe(reached);
  });

  test('numbers of one block share their prefix', () => {
    expect(prefixOf(parsePhoneNumber('+4915112345678', 'phone'))).toBe('+4915112');
  });
});
