import { domainToASCII } from 'node:url';
import { invalid } from '../errors.ts';

/** An e-mail address as it was typed, without the space around it. Shown and written to in this form. */
export type Email = string & { readonly __brand: 'Email' };

/** An e-mail address as we compare it: NFKC, case-folded, its domain in ASCII (design, decision 9). */
export type EmailLookup = string & { readonly __brand: 'EmailLookup' };

/** Keyed hashes of one address by the parity of their key's version; null where no key of that parity is in use. */
export interface EmailHashes {
  readonly even: Buffer | null;
  readonly odd: Buffer | null;
}

/** Finds sealed addresses. Each hash begins with its key's version, so that hashes of two versions never meet. */
export interface EmailIndex {
  /** What the hashes of each key in use begin with. */
  readonly versions: EmailHashes;
  /** What a row carries, and what it is looked for by. */
  hashes(email: EmailLookup): EmailHashes;
  /** The hash under the current key, for tables with one column. */
  current(email: EmailLookup): Buffer;
  /** The hashes under all keys in use, for a search in a table with one column. */
  lookups(email: EmailLookup): Buffer[];
}

const longest = 254;
const longestLocal = 64;
/** RFC 5321 and 6531: dots between atoms, or a quoted string. */
const atoms = /^[\w!#$%&'*+/=?^`{|}~\u0080-\u{10ffff}-]+(\.[\w!#$%&'*+/=?^`{|}~\u0080-\u{10ffff}-]+)*$/u;
const quoted = /^"(?:[^"\\]|\\.)+"$/su;
/** Nothing that the reader of a host name would decode, such as `%`. */
const domainLetters = /^[A-Za-z0-9.\u0080-\u{10ffff}-]+$/u;
const hostName = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Control, invisible and unpaired characters, and every space but the ordinary one. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

interface Halves {
  readonly local: string;
  readonly host: string;
}

function halvesOf(address: string): Halves | undefined {
  const at = address.lastIndexOf('@');
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  if (at < 1 || hidden.test(address) || !domainLetters.test(domain)) return undefined;
  if (Buffer.byteLength(local) > longestLocal || !(atoms.test(local) || quoted.test(local))) return undefined;
  const host = domainToASCII(domain);
  return hostName.test(host) && host.length <= 253 ? { local, host } : undefined;
}

/** Full case folding as far as JavaScript goes. Not by way of upper case, which makes one of `i` and `ı`. */
function folded(text: string): string {
  return text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ').normalize('NFKC');
}

function lookupOf(address: string): EmailLookup | undefined {
  const halves = halvesOf(address.normalize('NFKC'));
  if (!halves) return undefined;
  const lookup = `${folded(halves.local)}@${halves.host}`;
  return Buffer.byteLength(lookup) <= longest ? (lookup as EmailLookup) : undefined;
}

/**
 * Reads an address as somebody types it; unusual ones, such as quoted or international ones, are accepted.
 *
 * @param path  the input field, for the issue
 * @throws ValidationFailed when no such address can exist, or when it is longer than 254 bytes
 */
export function parseEmail(text: string, path = 'email'): Email {
  // Longer ones are not looked at, which bounds the work of the patterns.
  const typed = text.length <= 4 * longest ? text.trim() : '';
  if (Buffer.byteLength(typed) > longest || text.length > 4 * longest) {
    throw invalid(path, 'max_length', `An address has at most ${longest} bytes.`);
  }
  if (!halvesOf(typed) || !lookupOf(typed)) throw invalid(path, 'email', 'This is not an e-mail address.');
  return typed as Email;
}

/** The address as we compare it. */
export function emailLookupOf(email: Email): EmailLookup {
  const lookup = lookupOf(email);
  if (!lookup) throw new TypeError('An address was not made by parseEmail.');
  return lookup;
}
