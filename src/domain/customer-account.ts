import { isDeepStrictEqual } from 'node:util';
import { statusRules } from './access.ts';
import { type AccountStatus, gone } from './account-status.ts';
import type { SessionAction } from './audit-entry.ts';
import type { Change } from './customer-facts.ts';
import { StatusConflict, VersionConflict } from './errors.ts';
import { customerSchema, type ProviderVerdict, type SignIn } from './customer-schema.ts';
import { PhoneHolder } from './customer-phone.ts';
import type { ChangeReason, DeactivationReason } from './events.ts';
import { changedHere, type OurSide, type ProviderRead, readProvider, toldProvider } from './person.ts';
import { parseProfile, type ProfileField, type ProfileInput, profileFields } from './profile.ts';
import type { Email } from './values/email.ts';
import { twoSidedFields } from './two-sided-field.ts';
import { firstChanges, firstRow, registered, type Registration } from './registration.ts';

/** How long the farewell mail leads back, in days (contracts: access, "Statuses"). */
const reversibleDays = 30;
const reversible: readonly DeactivationReason[] = ['CUSTOMER_REQUEST', 'INACTIVITY'];

/** To whom a mail goes, and in which language she reads. */
export interface Recipient {
  readonly address: Email;
  readonly locale: string | null;
}

/** A customer: identity, contacts, names, status. Everything that happens to her is noted, audited and published. */
export class CustomerAccount extends PhoneHolder {
  /**
   * Makes an account: ACTIVE with a proven address, else PENDING_VERIFICATION.
   *
   * @throws ValidationFailed with every issue of the profile
   */
  static register(input: Registration, change: Change): CustomerAccount {
    const row = firstRow(input, change);
    const account = new CustomerAccount().set(row);
    account.book().note('REGISTERED', change.by, firstChanges(row));
    account.book().raise(registered(row, input));
    return account;
  }

  /**
   * Changes what a form shows of her, and reports what changed.
   *
   * @throws StatusConflict, VersionConflict, ValidationFailed
   */
  updateProfile(input: ProfileInput, expectedVersion: number, change: Change): readonly ProfileField[] {
    if (!statusRules[this.status].ownWrites) throw new StatusConflict(this.status);
    this.expectVersion(expectedVersion);
    const profile = parseProfile(input, change.at);
    const before = this.shown();
    const changed = profileFields.filter((field) => profile[field] !== undefined && profile[field] !== before[field]);
    if (!changed.length) return [];
    const { locale = this.locale, country = this.country, ...names } = profile;
    const provider = changedHere(
      this.known().provider,
      twoSidedFields.filter((field) => changed.includes(field)),
      change.at,
    );
    this.set({ locale, country, person: { ...this.known(), ...names, provider } });
    if (change.by === 'SELF') this.set({ lastActivityAt: change.at });
    this.book().note(
      'PROFILE_CHANGED',
      change.by,
      changed.map((path) => ({ path, from: before[path], to: profile[path] })),
    );
    return changed;
  }

  /** @throws VersionConflict when she changed since the caller read her */
  expectVersion(expected: number): void {
    if (expected !== this.version) throw new VersionConflict(this.version);
  }

  /**
   * Suspends, opens or closes the account.
   *
   * @param why  for DEACTIVATED
   * @throws StatusConflict for every other status and from every status that does not allow it
   */
  changeStatus(to: AccountStatus, why: DeactivationReason, change: Change): void {
    if (to === 'SUSPENDED') this.suspend(change);
    else if (to === 'DEACTIVATED') this.deactivate(why, change);
    else if (to === 'ACTIVE') this.reactivate(change);
    else throw new StatusConflict(this.status, to);
  }

  /** @throws StatusConflict unless ACTIVE */
  suspend(change: Change): void {
    this.become('SUSPENDED', 'SUSPENDED', change);
  }

  /** @throws StatusConflict unless SUSPENDED or DEACTIVATED, with a proven address */
  reactivate(change: Change): void {
    const closed = this.status === 'SUSPENDED' || this.status === 'DEACTIVATED';
    if (!closed || !this.emailVerified) throw new StatusConflict(this.status, 'ACTIVE');
    this.become('ACTIVE', 'REACTIVATED', change);
    this.set({ deactivatedAt: null, deactivationReason: null, reversibleUntil: null });
  }

  /** @throws StatusConflict unless ACTIVE or SUSPENDED */
  deactivate(reason: DeactivationReason, change: Change): void {
    this.become('DEACTIVATED', 'DEACTIVATED', change);
    const until = reversible.includes(reason) ? new Date(change.at.getTime() + reversibleDays * 86_400_000) : null;
    this.set({ deactivatedAt: change.at, deactivationReason: reason, reversibleUntil: until });
    const data = { customerId: this.id, deactivatedAt: change.at.toISOString(), reason };
    const end = until ? { reversibleUntil: until.toISOString() } : {};
    this.book().raise({ name: 'CustomerAccountDeactivated', data: { ...data, ...end } });
  }

  /**
   * She signed in. Counts as activity, and leaves the version alone (design, decision 26).
   *
   * @throws StatusConflict when the status does not let her
   */
  signedIn(signIn: SignIn, change: Change): void {
    if (!statusRules[this.status].signIn) throw new StatusConflict(this.status);
    this.openLock(change);
    this.set({ lastActivityAt: signIn.at });
    this.book().note('SIGNED_IN', change.by);
    const { sessionId, method, amr, acr, clientId, newDevice } = signIn;
    const data = { customerId: this.id, sessionId, at: signIn.at.toISOString(), method, amr: [...amr] };
    const known = Object.entries({ acr, clientId, newDevice }).filter(([, value]) => value !== undefined);
    this.book().raise({ name: 'CustomerLoggedIn', data: { ...data, ...Object.fromEntries(known) } });
  }

  /**
   * Takes or keeps names and language after a look at the provider (design, decision 27). An account that is gone or
   * going takes nothing.
   */
  reconcileFromProvider(read: ProviderRead, change: Change): ProviderVerdict {
    if (gone.includes(this.status) || !this.person) return { changed: [], deliver: [] };
    const ours = this.ours();
    const { state, taken, deliver, lost } = readProvider(ours, this.person.provider, read, change.at);
    const changed = twoSidedFields.filter((field) => taken[field] !== undefined);
    if (!changed.length && isDeepStrictEqual(state, this.person.provider)) return { changed, deliver };
    const { locale = this.locale, ...names } = taken;
    this.set({ locale, person: { ...this.person, ...names, provider: state } });
    const changes = twoSidedFields
      .filter((field) => taken[field] !== undefined || lost[field] !== undefined)
      .map((path) => ({ path, from: ours[path], to: path in taken ? taken[path] : ours[path], lost: lost[path] }));
    this.book().note('PROVIDER_READ', change.by, changes);
    return { changed, deliver };
  }

  /** The provider was told our values, and has these now. */
  delivered(read: ProviderRead, change: Change): void {
    if (gone.includes(this.status) || !this.person) return;
    const provider = toldProvider(this.person.provider, this.ours(), read, change.at);
    if (isDeepStrictEqual(provider, this.person.provider)) return;
    this.set({ person: { ...this.person, provider } });
    this.book().note('PROVIDER_TOLD', change.by);
  }

  /** Where mails about her account's safety go: to her proven address, unless she is being erased. */
  get recipient(): Recipient | undefined {
    const address = this.emailVerified && this.status !== 'ERASING' ? this.person?.email?.address : undefined;
    return address && { address, locale: this.locale };
  }

  /** Something of her sessions that changes nothing of her record: it stands in the audit alone. */
  happened(action: SessionAction, by: ChangeReason): void {
    this.book().note(action, by);
  }

  /** Staff looked at her personal fields (contracts: access). */
  shownToStaff(): void {
    this.book().note('STAFF_ACCESS', 'STAFF');
  }

  /** Staff began or ceased to act for her (design, decision 30). */
  actedFor(action: 'ACTING_BEGAN' | 'ACTING_ENDED'): void {
    this.book().note(action, 'STAFF');
  }

  private ours(): OurSide {
    const { givenName, familyName } = this.known();
    return { givenName, familyName, locale: this.locale };
  }

  private shown(): { readonly [F in ProfileField]: string | null } {
    const { displayName, birthDate } = this.known();
    return { ...this.ours(), displayName, birthDate, country: this.country };
  }
}
customerSchema.setClass(CustomerAccount);
