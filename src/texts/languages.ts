import { de } from './de.ts';
import { en } from './en.ts';

/** Everything we say, in one language. */
export type Texts = typeof en;

/** The languages we speak. */
export const languages = { en, de } satisfies Record<string, Texts>;

/** One of {@link languages}. */
export type Language = keyof typeof languages;

/** The language of ours that is nearest to a locale (BCP 47); English for all that we do not speak. */
export function languageOf(locale: string | null | undefined): Language {
  const [primary = ''] = (locale ?? '').toLowerCase().split('-');
  return primary === 'de' ? 'de' : 'en';
}
