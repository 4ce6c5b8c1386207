import { type FieldIssue, ValidationFailed } from './errors.ts';
import { type BirthDate, parseBirthDate } from './values/birth-date.ts';
import { type Country, parseCountry } from './values/country.ts';
import { type Locale, parseLocale } from './values/locale.ts';
import { parseDisplayName, parsePersonName, type PersonName } from './values/person-name.ts';

/** What of a profile can be typed. Left out: stays as it is; null or blank: taken away. */
export interface ProfileInput {
  readonly displayName?: string | null | undefined;
  readonly givenName?: string | null | undefined;
  readonly familyName?: string | null | undefined;
  readonly birthDate?: string | null | undefined;
  readonly locale?: string | null | undefined;
  readonly country?: string | null | undefined;
}

/** The same, checked. */
export interface Profile {
  readonly displayName?: PersonName | null;
  readonly givenName?: PersonName | null;
  readonly familyName?: PersonName | null;
  readonly birthDate?: BirthDate | null;
  readonly locale?: Locale | null;
  readonly country?: Country | null;
}

/** A field of a profile; also its path in events and in the audit. */
export type ProfileField = keyof Profile;

const parsers: { readonly [F in ProfileField]-?: (text: string, now: Date) => Profile[F] } = {
  displayName: (text) => parseDisplayName(text),
  givenName: (text) => parsePersonName(text, 'givenName'),
  familyName: (text) => parsePersonName(text, 'familyName'),
  birthDate: (text, now) => parseBirthDate(text, now),
  locale: (text) => parseLocale(text),
  country: (text) => parseCountry(text),
};

/** The fields of a profile in the order in which they are reported. */
export const profileFields = Object.keys(parsers) as readonly ProfileField[];

/**
 * Checks a profile.
 *
 * @param now  the present moment, for dates that must not lie in the future
 * @throws ValidationFailed with every issue of every field
 */
export function parseProfile(input: ProfileInput, now: Date): Profile {
  const issues: FieldIssue[] = [];
  const profile: Record<string, string | null | undefined> = {};
  for (const field of profileFields) {
    const given = input[field];
    if (given === undefined) continue;
    try {
      profile[field] = given === null || !given.trim() ? null : parsers[field](given, now);
    } catch (error) {
      if (!(error instanceof ValidationFailed)) throw error;
      issues.push(...error.issues);
    }
  }
  if (issues.length) throw new ValidationFailed(issues);
  return profile;
}
