import { type FormerContact, type MadeElsewhere, pendingOf, settled } from './contacts.ts';
import { gone } from './account-status.ts';
import { ContactHolder } from './customer-contacts.ts';
import type { Change } from './customer-facts.ts';
import { StatusConflict } from './errors.ts';
import type { PhoneNumber } from './values/phone-number.ts';

/** Her telephone number: primary once proven, and of one customer at a time. */
export abstract class PhoneHolder extends ContactHolder {
  // See ContactHolder.
  static override readonly name: string = '';

  /**
   * Her number as the provider has it now; the provider says whether it is proven. Does nothing when it is known so, nor
   * for a number that another one has proven since.
   *
   * @param elsewhere  the change, if nobody asked for it here
   * @returns the number whose owner is to be told that she lost it
   * @throws StatusConflict  when the account is gone
   */
  takePhone(
    phone: PhoneNumber | null,
    verified: boolean,
    { at, by }: Change,
    elsewhere: MadeElsewhere,
  ): FormerContact | undefined {
    if (gone.includes(this.status)) throw new StatusConflict(this.status);
    const { phone: before = null, lostPhone } = this.known();
    const [number, isProven] = [before?.number ?? null, verified && phone !== null];
    const waiting = pendingOf(this.contacts, 'SMS', at);
    if (lostPhone !== undefined && phone === lostPhone && waiting?.value !== phone) return undefined;
    if (phone === number && isProven === this.phoneVerified) return this.forgetLost();
    const from = this.phoneVerified ? number : null;
    const done = settled(this.contacts, { ...elsewhere, channel: 'SMS', from, to: phone }, at);
    this.keep(done.contacts);
    const kept = phone && { number: phone, verifiedAt: isProven ? at.toISOString() : null };
    const wasVerified = this.phoneVerified;
    this.set({ phoneVerified: isProven, person: { ...this.withoutLost(), phone: kept } });
    this.book().note('PHONE_CHANGED', done.asked ? 'SELF' : done.restored ? 'SYSTEM' : by, [
      { path: 'phone', from: number, to: phone },
      { path: 'phone.verified', from: wasVerified, to: isProven },
      ...(waiting ? [{ path: 'phone.pending', from: waiting.value || null, to: null }] : []),
    ]);
    return done.former;
  }

  /** Another one has proven her number: it is no longer hers, whatever the provider still says. Idempotent. */
  losePhone(number: PhoneNumber, change: Change): void {
    const { phone } = this.known();
    if (phone?.number !== number) return;
    this.set({ phoneVerified: false, person: { ...this.known(), phone: null, lostPhone: number } });
    this.book().note('PHONE_LOST', change.by, [{ path: 'phone', from: number, to: null }]);
  }

  private withoutLost() {
    const { lostPhone: _lost, ...person } = this.known();
    return person;
  }

  /** The provider shows it no longer. */
  private forgetLost(): undefined {
    if (this.known().lostPhone === undefined) return;
    this.set({ person: this.withoutLost() });
    this.book().note('PROVIDER_READ', 'IDP');
  }
}
