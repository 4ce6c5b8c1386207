/** What may be changed here and at the identity provider (design, decision 27). */
export const twoSidedFields = ['givenName', 'familyName', 'locale'] as const;

/** One of {@link twoSidedFields}. */
export type TwoSidedField = (typeof twoSidedFields)[number];

/** The fields as the provider has them; null where it has none. */
export type ProviderValues = { readonly [F in TwoSidedField]: string | null };

/** Nothing was ever seen at the provider. */
export const nothingSeen: ProviderValues = { givenName: null, familyName: null, locale: null };

/** One field on both sides. */
export interface TwoSides {
  /** What we have. */
  readonly ours: string | null;
  /** When it was changed here; null when it never was. */
  readonly changedAt: Date | null;
  /** Whether the provider was told of that change. */
  readonly delivered: boolean;
  /** What the provider had when we last looked. */
  readonly seen: string | null;
  /** What it has now. */
  readonly read: string | null;
  /** When the provider says that something was changed; undefined when nothing tells. */
  readonly eventAt?: Date | undefined;
}

/** What follows: both agree, ours goes there, theirs counts here; `lost` when a change of the other side is overruled. */
export interface Reconciled {
  readonly outcome: 'agree' | 'deliver' | 'take';
  readonly lost: boolean;
}

/**
 * Which side counts. The provider gives no time of a change, so that the time of its event stands for it; without an
 * event, the provider counts.
 */
export function reconcile(sides: TwoSides): Reconciled {
  const { ours, read, seen, changedAt, eventAt } = sides;
  if (read === ours) return { outcome: 'agree', lost: false };
  if (read === seen) return { outcome: 'deliver', lost: false };
  if (sides.delivered || !changedAt) return { outcome: 'take', lost: false };
  return eventAt && changedAt > eventAt ? { outcome: 'deliver', lost: true } : { outcome: 'take', lost: true };
}
