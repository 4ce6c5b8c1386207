import { languageOf, languages } from './languages.ts';

/** What a code by text message is for. */
export const codePurposes = ['sign-in', 'enrolment', 'contact'] as const;

/** One of {@link codePurposes}. */
export type CodePurpose = (typeof codePurposes)[number];

/**
 * The text around a code. The code comes first, where a notification shows it; the last line binds it to the origin that
 * asks for it, so that browsers offer it there and nowhere else (WICG origin-bound one-time codes).
 *
 * @param page  any address of that origin
 */
export function codeText(code: string, purpose: CodePurpose, locale: string | null, page: string): string {
  const says = languages[languageOf(locale)].textMessage;
  return `${code} ${says[purpose]} ${says.secret}\n\n@${new URL(page).hostname} #${code}`;
}
