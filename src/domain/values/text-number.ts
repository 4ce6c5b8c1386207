import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { PhoneNumber } from './phone-number.ts';

/** Kinds that a text message reaches at the ordinary price. Premium numbers are what floods of messages are sent to. */
const mobile = new Set<string | undefined>(['MOBILE', 'FIXED_LINE_OR_MOBILE']);

/** Whether a text message reaches the number: a mobile one, as far as its numbering plan tells. */
export function takesTextMessages(number: PhoneNumber): boolean {
  return mobile.has(parsePhoneNumberFromString(number)?.getType());
}

/** Digits of a number that the numbers of one block share, the country code included. */
const prefixDigits = 7;

/** The block of numbers it belongs to, such as `+4915112`. */
export function prefixOf(number: PhoneNumber): string {
  return number.slice(0, 1 + prefixDigits);
}
