import { invalid } from '../errors.ts';

/** A name or part of one, in NFC: no control characters, nothing that turns the direction of other text. */
export type PersonName = string & { readonly __brand: 'PersonName' };

/** The longest given or family name, and the longest display name, in characters. */
const longestName = 100;
/** The longest name that is shown to others, in characters. */
const longestDisplayName = 60;

const forbidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

/** What Keycloak 26.7 refuses besides (PersonNameProhibitedCharactersValidator): a name kept here must be welcome there. */
const refusedByKeycloak = /[<>&"$%!#?§;*~/\\|^=[\]{}()]/u;

/** @param longest  in characters, not in code units */
function parse(text: string, path: string, longest: number): string {
  // A character has at most two code units, and NFC never makes more than three of one.
  if (text.length > longest * 8) throw invalid(path, 'max_length', `At most ${longest} characters.`);
  if (!text.isWellFormed() || forbidden.test(text)) {
    throw invalid(path, 'characters', 'Control characters do not belong in a name.');
  }
  const name = text.normalize('NFC').trim();
  if (Array.from(name).length > longest) throw invalid(path, 'max_length', `At most ${longest} characters.`);
  return name;
}

/**
 * Reads a given or family name as a person writes it; null for nothing but space.
 *
 * @throws ValidationFailed for one that is too long or holds characters that no name has
 */
export function parsePersonName(text: string, path: string): PersonName | null {
  const name = parse(text, path, longestName);
  // After NFC, which turns a Greek question mark into a semicolon, and `=` with a stroke into one character.
  if (refusedByKeycloak.test(name)) {
    throw invalid(path, 'name_characters', 'A name has none of < > & " $ % ! # ? § ; * ~ / \\ | ^ = [ ] { } ( ).');
  }
  return name ? (name as PersonName) : null;
}

/**
 * Reads the name that is shown to others, which Keycloak never gets; null for nothing but space.
 *
 * @throws ValidationFailed for one that is too long or holds control characters
 */
export function parseDisplayName(text: string): PersonName | null {
  const name = parse(text, 'displayName', longestDisplayName);
  return name ? (name as PersonName) : null;
}
