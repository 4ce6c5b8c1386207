import { invalid } from '../errors.ts';

/** A language tag in its canonical form, such as `de-DE` (BCP 47): at most 35 characters. */
export type Locale = string & { readonly __brand: 'Locale' };

const longest = 35;

/**
 * Reads a language tag in any spelling.
 *
 * @throws ValidationFailed for what is no tag, or for one that is too long
 */
export function parseLocale(text: string, path = 'locale'): Locale {
  if (text.length > longest) throw invalid(path, 'max_length', `A language tag has at most ${longest} characters.`);
  const [canonical] = canonicalLocales(text);
  if (!canonical) throw invalid(path, 'locale', 'This is not a language tag.');
  if (canonical.length > longest)
    throw invalid(path, 'max_length', `A language tag has at most ${longest} characters.`);
  return canonical as Locale;
}

function canonicalLocales(text: string): string[] {
  try {
    return Intl.getCanonicalLocales(text);
  } catch {
    return [];
  }
}
