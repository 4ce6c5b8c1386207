import { chainStart, type FieldChange } from './audit-entry.ts';
import type { Change } from './customer-facts.ts';
import type { CustomerRow } from './customer-schema.ts';
import type { DomainEvent, RegistrationMethod } from './events.ts';
import { changedHere, unknownPerson } from './person.ts';
import { parseProfile, type ProfileInput, profileFields } from './profile.ts';
import { twoSidedFields } from './two-sided-field.ts';
import type { Email } from './values/email.ts';

/** Who registers, and how. */
export interface Registration {
  readonly id: string;
  /** The key that seals what is personal of her; already committed. */
  readonly keyId: string;
  readonly method: RegistrationMethod;
  /** Alias of the identity provider, for SOCIAL. */
  readonly provider?: string | undefined;
  /** Null when the provider knows none. */
  readonly email: Email | null;
  readonly emailVerified: boolean;
  readonly profile?: ProfileInput | undefined;
}

/**
 * Her row as it begins: ACTIVE with a proven address, else PENDING_VERIFICATION.
 *
 * @throws ValidationFailed with every issue of the profile
 */
export function firstRow(input: Registration, { at }: Change): CustomerRow {
  const { locale = null, country = null, ...names } = parseProfile(input.profile ?? {}, at);
  const { id, keyId, method, email } = input;
  const proven = input.emailVerified && email !== null;
  const given = twoSidedFields.filter((field) => (field === 'locale' ? locale : names[field]));
  const person = {
    ...unknownPerson,
    ...names,
    email: email && { address: email, verifiedAt: proven ? at.toISOString() : null },
    provider: changedHere(unknownPerson.provider, given, at),
  };
  const times = { createdAt: at, lastActivityAt: at, activatedAt: proven ? at : null };
  const counters = { version: 1, sequence: 0, auditSequence: 0, auditHead: chainStart };
  const open = { deactivatedAt: null, deactivationReason: null, reversibleUntil: null, contactDueAt: null };
  const unsealed = { sealed: Buffer.alloc(0), emailHashEven: null, emailHashOdd: null, emailVerified: proven };
  const phone = { phoneHashEven: null, phoneHashOdd: null, phoneVerified: false };
  const status = proven ? 'ACTIVE' : 'PENDING_VERIFICATION';
  return { id, keyId, method, locale, country, status, person, ...times, ...counters, ...open, ...unsealed, ...phone };
}

const paths = ['email', 'email.verified', 'status', ...profileFields] as const;

/** Everything that a new row holds, as changes from nothing. */
export function firstChanges({ person, status, emailVerified, locale, country }: CustomerRow): FieldChange[] {
  const email = person?.email?.address;
  const values = { ...person, locale, country, status, email, 'email.verified': emailVerified };
  const given = paths.filter((path) => values[path] !== null && values[path] !== undefined);
  return given.map((path) => ({ path, from: null, to: values[path] }));
}

/** What others are told of a new account. */
export function registered(row: CustomerRow, { method, provider }: Registration): DomainEvent {
  const { id: customerId, status, emailVerified, locale, country, createdAt } = row;
  const always = { customerId, registeredAt: createdAt.toISOString(), method, status, emailVerified };
  const where = { ...(locale && { locale }), ...(country && { country }) };
  return { name: 'CustomerRegistered', data: { ...always, ...(provider && { provider }), ...where } };
}
