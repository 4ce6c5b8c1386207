import { gone } from '../../domain/account-status.ts';
import type { FormerContact, MadeElsewhere } from '../../domain/contacts.ts';
import type { Change } from '../../domain/customer-facts.ts';
import type { CustomerAccount } from '../../domain/customer-account.ts';
import type { TwoSidedField } from '../../domain/two-sided-field.ts';
import { ValidationFailed } from '../../domain/errors.ts';
import { type Email, parseEmail } from '../../domain/values/email.ts';
import { parsePhoneNumber, type PhoneNumber } from '../../domain/values/phone-number.ts';
import type { ProviderRead } from '../../domain/person.ts';
import type { KeycloakUser } from '../../platform/keycloak.ts';
import { languageOf } from '../../texts/languages.ts';

/** The address that Keycloak has; undefined for one that we cannot keep. */
export function emailOf(user: KeycloakUser): Email | null | undefined {
  if (!user.email) return null;
  try {
    return parseEmail(user.email);
  } catch (error) {
    if (error instanceof ValidationFailed) return undefined;
    throw error;
  }
}

/** The number that Keycloak has; null for one that we cannot keep, too. */
export function phoneOf({ phone }: KeycloakUser): PhoneNumber | null {
  if (!phone) return null;
  try {
    return parsePhoneNumber(phone, 'phone');
  } catch (error) {
    if (error instanceof ValidationFailed) return null;
    throw error;
  }
}

/** Keycloak speaks fewer languages than we keep: its `de` agrees with our `de-AT`. */
export function readOf(
  user: KeycloakUser,
  ours: string | null,
  { eventAt, namesAt }: Pick<ProviderRead, 'eventAt' | 'namesAt'> = {},
): ProviderRead {
  const given = user.locale ?? null;
  const locale = ours !== null && given === languageOf(ours) ? ours : given;
  return {
    subject: user.id,
    values: { givenName: user.givenName ?? null, familyName: user.familyName ?? null, locale },
    eventAt,
    namesAt,
  };
}

/** What follows for the account, besides what it keeps itself. */
export interface Taken {
  readonly changed: boolean;
  readonly deliver: readonly TwoSidedField[];
  /** Whether she was closed by this: her sessions and tokens end. */
  readonly closed: boolean;
  /** The contacts that she lost, whose owners are to be told. */
  readonly former: readonly FormerContact[];
}

/** A look at Keycloak, as far as it is not the user herself. */
export interface Look {
  /** The address, unless another customer has it. */
  readonly email: Email | null | undefined;
  /** Whether an admin has just changed the user: enabling counts only then (design, decision 27). */
  readonly mayReopen: boolean;
  readonly eventAt: Date | undefined;
  /** Of these changes, when staff made one last. */
  readonly namesAt: Date | undefined;
  /** A change of contact, if nobody asked for it here. */
  readonly elsewhere: MadeElsewhere;
}

function takeEmail(
  account: CustomerAccount,
  user: KeycloakUser,
  { email, elsewhere }: Look,
  change: Change,
): { moved: boolean; former?: FormerContact | undefined } {
  const was = account.person?.email?.address ?? null;
  const proven = user.emailVerified && !!email;
  if (email === undefined || (email === was && proven === account.emailVerified)) return { moved: false };
  // A suspended account keeps the proof it has; what was taken back counts once it is open again.
  if (account.status === 'SUSPENDED' && !proven) return { moved: false };
  return { moved: true, former: account.takeEmail(email, proven, change, elsewhere) };
}

function takeEnabled(account: CustomerAccount, user: KeycloakUser, mayReopen: boolean, change: Change): boolean {
  if (!user.enabled && account.status === 'ACTIVE') account.suspend(change);
  else if (
    user.enabled &&
    mayReopen &&
    ['SUSPENDED', 'DEACTIVATED'].includes(account.status) &&
    account.emailVerified
  ) {
    account.reactivate(change);
  } else return false;
  return true;
}

/** Brings the account to what Keycloak has: address and proof, whether it is enabled, names and language. */
export function takeUser(account: CustomerAccount, user: KeycloakUser, look: Look, change: Change): Taken {
  if (gone.includes(account.status)) return { changed: false, deliver: [], closed: false, former: [] };
  const before = account.person?.phone;
  const { moved, former } = takeEmail(account, user, look, change);
  const formerPhone = account.takePhone(phoneOf(user), user.phoneVerified ?? false, change, look.elsewhere);
  const rang = account.person?.phone !== before;
  const turned = takeEnabled(account, user, look.mayReopen, change);
  const { changed, deliver } = account.reconcileFromProvider(readOf(user, account.locale, look), change);
  const closed = turned && account.status === 'SUSPENDED';
  const lost = [former, formerPhone].filter((one) => one !== undefined);
  return { changed: moved || rang || turned || changed.length > 0, deliver, closed, former: lost };
}
