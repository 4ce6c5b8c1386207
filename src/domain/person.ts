import { parsePersonName } from './values/person-name.ts';
import { parseLocale } from './values/locale.ts';
import { ValidationFailed } from './errors.ts';
import { nothingSeen, type ProviderValues, reconcile, type TwoSidedField, twoSidedFields } from './two-sided-field.ts';
import type { Contacts } from './contacts.ts';
import type { PhoneNumber } from './values/phone-number.ts';
import type { Email } from './values/email.ts';

/** Our side of a field that the provider has too. */
export interface OwnSide {
  /** RFC 3339. */
  readonly changedAt: string;
  /** The provider's subjects that were told of that change. */
  readonly delivered: readonly string[];
}

/** What we know of the provider's side. */
export interface ProviderState {
  readonly seen: Readonly<Record<string, ProviderValues>>;
  readonly own: { readonly [F in TwoSidedField]?: OwnSide };
}

/** The personal part of a customer: one sealed value in her row. */
export interface Person {
  readonly email: { readonly address: Email; readonly verifiedAt: string | null } | null;
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly displayName: string | null;
  readonly birthDate: string | null;
  readonly provider: ProviderState;
  /** Absent until she has had one. */
  readonly phone?: { readonly number: PhoneNumber; readonly verifiedAt: string | null } | null;
  /** A number that another one has proven since; the provider may still show it, which does not count. */
  readonly lostPhone?: PhoneNumber;
  /** Absent until the first change of a contact. */
  readonly contacts?: Contacts;
}

/** Somebody of whom nothing is known. */
export const unknownPerson: Person = {
  email: null,
  givenName: null,
  familyName: null,
  displayName: null,
  birthDate: null,
  provider: { seen: {}, own: {} },
};

/** Our fields that the provider has too. */
export type OurSide = { readonly [F in TwoSidedField]: string | null };

/** A user as the provider has her now. */
export interface ProviderRead {
  readonly subject: string;
  readonly values: ProviderValues;
  /** When the provider says that she was changed; undefined when nothing tells. */
  readonly eventAt?: Date | undefined;
  /** When somebody who may change names there did so last, if that was not the last change of all. */
  readonly namesAt?: Date | undefined;
}

/** What a look at the provider comes to. */
export interface ProviderOutcome {
  readonly state: ProviderState;
  readonly taken: { readonly [F in TwoSidedField]?: string | null };
  readonly deliver: readonly TwoSidedField[];
  readonly lost: { readonly [F in TwoSidedField]?: string | null };
}

const parsers: { readonly [F in TwoSidedField]: (text: string) => string | null } = {
  givenName: (text) => parsePersonName(text, 'givenName'),
  familyName: (text) => parsePersonName(text, 'familyName'),
  locale: (text) => parseLocale(text),
};

/** The provider's value as we keep it; undefined for one that we cannot keep, so that ours goes there instead. */
function acceptable(field: TwoSidedField, text: string | null): string | null | undefined {
  if (text === null || !text.trim()) return null;
  try {
    return parsers[field](text);
  } catch (error) {
    if (error instanceof ValidationFailed) return undefined;
    throw error;
  }
}

/** Weighs every field of both sides (design, decision 27). */
export function readProvider(ours: OurSide, state: ProviderState, read: ProviderRead, now: Date): ProviderOutcome {
  const { subject, values } = read;
  const seen = state.seen[subject] ?? nothingSeen;
  const taken: Record<string, string | null> = {};
  const lost: Record<string, string | null> = {};
  const own: Record<string, OwnSide> = { ...state.own };
  const deliver: TwoSidedField[] = [];
  for (const field of twoSidedFields) {
    const side = state.own[field];
    const changedAt = side ? new Date(side.changedAt) : null;
    const delivered = side?.delivered.includes(subject) ?? false;
    const eventAt = field === 'locale' ? read.eventAt : (read.namesAt ?? read.eventAt);
    const both = { ours: ours[field], changedAt, delivered, seen: seen[field], read: values[field], eventAt };
    const { outcome, lost: overruled } = reconcile(both);
    const value = outcome === 'take' ? acceptable(field, values[field]) : undefined;
    if (value !== undefined && value !== ours[field]) {
      taken[field] = value;
      own[field] = { changedAt: (eventAt ?? now).toISOString(), delivered: [subject] };
    } else if (outcome === 'agree') own[field] = told(side, subject, now);
    else deliver.push(field);
    if (overruled) lost[field] = value === undefined ? values[field] : ours[field];
  }
  return { state: { seen: { ...state.seen, [subject]: { ...values } }, own }, taken, deliver, lost };
}

function told(side: OwnSide | undefined, subject: string, now: Date): OwnSide {
  if (!side) return { changedAt: now.toISOString(), delivered: [subject] };
  return side.delivered.includes(subject) ? side : { ...side, delivered: [...side.delivered, subject] };
}

/** Notes that our values changed and that nobody was told yet. */
export function changedHere(state: ProviderState, fields: readonly TwoSidedField[], at: Date): ProviderState {
  const changed = fields.map((field) => [field, { changedAt: at.toISOString(), delivered: [] }]);
  return { ...state, own: { ...state.own, ...(Object.fromEntries(changed) as ProviderState['own']) } };
}

/** Notes that the provider was told. A field that changed here meanwhile is still to be told. */
export function toldProvider(state: ProviderState, ours: OurSide, read: ProviderRead, now: Date): ProviderState {
  const agreed = twoSidedFields.filter((field) => ours[field] === read.values[field]);
  const own = agreed.map((field) => [field, told(state.own[field], read.subject, now)]);
  return {
    seen: { ...state.seen, [read.subject]: { ...read.values } },
    own: { ...state.own, ...(Object.fromEntries(own) as ProviderState['own']) },
  };
}
