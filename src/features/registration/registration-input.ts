import ipaddr from 'ipaddr.js';
import { type FieldIssue, ValidationFailed } from '../../domain/errors.ts';
import { parseProfile, type Profile } from '../../domain/profile.ts';
import { type Email, type EmailLookup, emailLookupOf, parseEmail } from '../../domain/values/email.ts';
import type { Locale } from '../../domain/values/locale.ts';

/** What a registration form carries, on whatever door. */
export interface RegistrationInput {
  readonly email?: string | null | undefined;
  readonly givenName?: string | null | undefined;
  readonly familyName?: string | null | undefined;
  readonly locale: string;
  /** Null on a door that does not ask. */
  readonly country: string | null;
  /** Answers to notices; there are none yet, so that none is known. */
  readonly consents?: readonly { readonly purpose: string }[] | null | undefined;
  readonly guestToken?: string | null | undefined;
  readonly idempotencyKey: string;
  /** What the browser that registers keeps in a cookie; by it the names become hers (`claimIntent`). */
  readonly browserSecret?: string | undefined;
}

/** The same, checked. */
export interface Registration extends Pick<Profile, 'givenName' | 'familyName' | 'country'> {
  readonly email: Email;
  readonly lookup: EmailLookup;
  readonly locale: Locale;
  readonly guestToken: string | null;
  readonly browserSecret: string | undefined;
}

/** A guest's token is 256 bits in base64url; nothing near this length is one. */
const longestToken = 512;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function issuesOf(check: () => void): readonly FieldIssue[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof ValidationFailed)) throw error;
    return error.issues;
  }
}

function fault(path: string, rule: string, message: string): FieldIssue {
  return { path: path.split('.'), rule, message };
}

function otherIssues({ email, consents, guestToken, idempotencyKey }: RegistrationInput): FieldIssue[] {
  return [
    ...(email ? [] : [fault('email', 'required', 'An address is needed.')]),
    ...(consents ?? []).map((_, at) => fault(`consents.${at}.purpose`, 'unknown', 'There is no such purpose.')),
    ...((guestToken?.length ?? 0) > longestToken
      ? [fault('guestToken', 'max_length', 'This is not a guest token.')]
      : []),
    ...(uuid.test(idempotencyKey) ? [] : [fault('idempotencyKey', 'uuid', 'This is not a UUID.')]),
  ];
}

/**
 * Checks what a form carries. Says nothing of whether the address is known.
 *
 * @throws ValidationFailed with every issue at once
 */
export function parseRegistration(input: RegistrationInput, now: Date): Registration {
  const { givenName, familyName, locale, country } = input;
  const fields = { givenName, familyName, locale: locale || '-', country: country === null ? country : country || '-' };
  const issues = [
    ...(input.email ? issuesOf(() => parseEmail(input.email ?? '')) : []),
    ...issuesOf(() => parseProfile(fields, now)),
    ...otherIssues(input),
  ];
  if (issues.length) throw new ValidationFailed(issues);
  const email = parseEmail(input.email ?? '');
  const profile = parseProfile(fields, now);
  return {
    email,
    lookup: emailLookupOf(email),
    givenName: profile.givenName ?? null,
    familyName: profile.familyName ?? null,
    country: profile.country ?? null,
    locale: profile.locale as Locale,
    guestToken: input.guestToken ?? null,
    browserSecret: input.browserSecret,
  };
}

/** The network of an address: /24 of IPv4, /48 of IPv6. */
export function networkOf(ip: string): string {
  const bits = ipaddr.isValid(ip) ? ipaddr.process(ip) : undefined;
  if (!bits) return 'unknown';
  if (bits instanceof ipaddr.IPv6)
    return `${bits.parts
      .slice(0, 3)
      .map((part) => part.toString(16))
      .join(':')}::/48`;
  return bits.toString().replace(/\d+$/, '0/24');
}
