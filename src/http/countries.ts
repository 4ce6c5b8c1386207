import type { Language } from '../texts/languages.ts';

const offered = 'AT BE CH DE DK ES FI FR GB IE IT LU NL NO PL PT SE US'.split(' ');

/** The country that a reader of ours most likely lives in. */
export const usualCountry: Readonly<Record<Language, string>> = { de: 'DE', en: 'GB' };

/**
 * The countries to choose from on our pages, by code, in the order of their names.
 *
 * @param also  one that is chosen already, though we may not offer it
 */
export function countryChoices(language: Language, also?: string | null): ReadonlyMap<string, string> {
  const names = new Intl.DisplayNames([language], { type: 'region' });
  const codes = [...new Set([...offered, ...(also ? [also] : [])])];
  const rows = codes.map((code) => [code, names.of(code) ?? code] as const);
  return new Map(rows.toSorted(([, a], [, b]) => a.localeCompare(b, language)));
}
