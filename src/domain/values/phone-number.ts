import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { invalid } from '../errors.ts';

/** A telephone number in E.164 form, such as `+4915112345678`: at most 15 digits after the plus sign. */
export type PhoneNumber = string & { readonly __brand: 'PhoneNumber' };

/** How a number is shown, and whose it is. */
export interface PhoneDetails {
  /** Country of ISO 3166-1 alpha-2 whose numbering plan it belongs to; null for numbers of no country. */
  readonly region: string | null;
  /** As it is dialled within the country, such as `01511 2345678`. */
  readonly national: string;
  /** As it is written elsewhere, such as `+49 1511 2345678`. */
  readonly international: string;
}

/** Spaces, hyphens, brackets and all included; nothing that long is a number. */
const longest = 40;

/**
 * Reads a number with its country code as a person writes it: `+49 (0)151 1234-5678` or `0049 151…`.
 *
 * @param path  the input field, for the issue
 * @throws ValidationFailed when no such number can exist in the country's numbering plan
 */
export function parsePhoneNumber(text: string, path: string): PhoneNumber {
  const typed = text.length <= longest ? text.trim().replace(/^00/, '+') : '';
  // Without an extension: a text message reaches no desk telephone behind a switchboard.
  const number = parsePhoneNumberFromString(typed, { extract: false });
  if (!number?.isValid() || number.ext) {
    throw invalid(path, 'phone', 'This is not a telephone number with its country code.');
  }
  return number.number as PhoneNumber;
}

/** Country and spellings of a number. */
export function phoneDetails(number: PhoneNumber): PhoneDetails {
  const known = parsePhoneNumberFromString(number);
  if (!known) throw new TypeError('A number was not made by parsePhoneNumber.');
  return {
    region: known.country ?? null,
    national: known.formatNational(),
    international: known.formatInternational(),
  };
}
