import { gone } from './account-status.ts';
import type { FieldChange } from './audit-entry.ts';
import { statusRules } from './access.ts';
import { contactsDueAt, isUnderContactLock, lockedAgain, reverted, withoutOver } from './contact-lock.ts';
import {
  askedAgain,
  codeGiven,
  type CodeOutcome,
  type ContactChannel,
  type Contacts,
  type ContactWish,
  type FormerContact,
  isSameContact,
  type MadeElsewhere,
  noContacts,
  type PendingContact,
  pendingOf,
  proven,
  settled,
  wished,
  withdrawn,
} from './contacts.ts';
import type { Change } from './customer-facts.ts';
import { CustomerRecord } from './customer-record.ts';
import { invalid, NotFound, StatusConflict } from './errors.ts';
import type { Email } from './values/email.ts';

const pendingPath: { readonly [C in ContactChannel]: string } = { EMAIL: 'email.pending', SMS: 'phone.pending' };

/** What a customer is reached by, what proves it, and what happens when it changes. */
export abstract class ContactHolder extends CustomerRecord {
  // The ORM takes a class between with a name for an entity of its own, and looks for its root without end.
  static override readonly name: string = '';

  /** What is under way with her contacts, and what can be undone. */
  get contacts(): Contacts {
    return this.person?.contacts ?? noContacts;
  }

  /**
   * She wants to be reached by something else, which waits for its proof (design, decision 14).
   *
   * @throws StatusConflict    when the account is closed
   * @throws ValidationFailed  for what she is reached by already
   */
  requestContact(wish: ContactWish, change: Change): PendingContact {
    if (!statusRules[this.status].ownWrites) throw new StatusConflict(this.status);
    const { channel, value } = wish;
    const verified = channel === 'EMAIL' ? this.emailVerified : this.phoneVerified;
    if ((verified || !value) && isSameContact(channel, value, this.primary(channel)))
      throw invalid('value', 'unchanged', 'This is your contact already.');
    const from = pendingOf(this.contacts, channel, change.at)?.value ?? null;
    this.keep(wished(this.contacts, wish, change.at));
    this.book().note('CONTACT_REQUESTED', change.by, [{ path: pendingPath[channel], from, to: value || null }]);
    return this.waiting(wish.id);
  }

  /**
   * She asks for the proof of a waiting contact once more.
   *
   * @throws StatusConflict, ValidationFailed, RateLimited
   */
  askAgain(channel: ContactChannel, change: Change, codeHash?: string): PendingContact {
    if (!statusRules[this.status].ownWrites) throw new StatusConflict(this.status);
    this.keep(askedAgain(this.contacts, channel, change.at, codeHash));
    this.book().note('CONTACT_REQUESTED', change.by);
    const { id } = pendingOf(this.contacts, channel, change.at) ?? { id: '' };
    return this.waiting(id);
  }

  /**
   * A waiting contact is hers: it becomes primary as soon as the provider has it.
   *
   * @throws StatusConflict  when the account is closed
   * @throws NotFound        when it is void, over, or was never asked for
   */
  proveContact(id: string, change: Change): PendingContact {
    if (!statusRules[this.status].ownWrites) throw new StatusConflict(this.status);
    const next = proven(this.contacts, id, change.at);
    if (next !== this.contacts) {
      this.keep(next);
      this.book().note('CONTACT_PROVEN', change.by);
    }
    return this.waiting(id);
  }

  /**
   * A code was given for a waiting contact; a right one makes it hers. A wrong one counts, so the caller commits.
   *
   * @throws StatusConflict, NotFound
   */
  giveCode(id: string, hash: string, change: Change): CodeOutcome {
    if (!statusRules[this.status].ownWrites) throw new StatusConflict(this.status);
    const { contacts, outcome } = codeGiven(this.contacts, id, hash, change.at);
    this.keep(contacts);
    this.book().note(outcome === 'right' ? 'CONTACT_PROVEN' : 'CONTACT_CODE_REFUSED', change.by);
    return outcome;
  }

  /** A waiting contact cannot be hers: it is somebody else's, or the provider does not take it. */
  withdrawContact(id: string, change: Change): void {
    const pending = this.contacts.pending.find((one) => one.id === id);
    if (!pending) return;
    this.keep(withdrawn(this.contacts, id));
    this.book().note('CONTACT_VOIDED', change.by, [
      { path: pendingPath[pending.channel], from: pending.value, to: null },
    ]);
  }

  /**
   * Whoever held the contact before says that a change was not hers: it is undone, with all that came after it, and the
   * account is locked (design, decision 14).
   *
   * @throws NotFound  when there is nothing of this id to revert any more, or the account is gone
   */
  revertContact(id: string, change: Change): void {
    if (gone.includes(this.status)) throw new NotFound();
    const { pending } = this.contacts;
    const phoneSince = this.known().phone?.verifiedAt;
    this.keep(reverted(this.contacts, id, change.at, phoneSince ? new Date(phoneSince) : null));
    const voided = pending.map(({ channel, value }) => ({ path: pendingPath[channel], from: value, to: null }));
    this.book().note('CONTACT_REVERTED', change.by, voided);
  }

  /** The provider has done what the lock asks for: from now on she may sign in with what is left. */
  carriedOutLock(since: string, change: Change): void {
    const { lock } = this.contacts;
    if (!lock || lock.carriedOutAt || lock.at !== since) return;
    this.keep({ ...this.contacts, lock: { ...lock, restore: {}, carriedOutAt: change.at.toISOString() } });
    this.book().note('CONTACT_LOCKED', change.by);
  }

  /** Drops what nobody proved in time, what cannot be reverted any more, and a lock that binds no longer. */
  dropOverContacts(change: Change): void {
    const next = withoutOver(this.contacts, change.at);
    const voided = this.contacts.pending.filter((one) => !next.pending.includes(one));
    this.keep(next);
    this.book().note(
      'CONTACT_VOIDED',
      change.by,
      voided.map(({ channel, value }) => ({ path: pendingPath[channel], from: value, to: null })),
    );
  }

  /**
   * Whether a contact changed so lately that export, merge, erasure and large redemptions wait (design, decision 14).
   *
   * @param factors  when each factor with which she is signed in now was set up
   */
  isUnderContactLock(at: Date, factors: readonly Date[] = []): boolean {
    return isUnderContactLock(this.contacts, at, factors);
  }

  /**
   * Her address as the provider has it now; the provider says whether it is proven. Does nothing when it is known so.
   *
   * @param elsewhere  the change, if nobody asked for it here
   * @returns the contact whose owner is to be told that she lost it
   * @throws StatusConflict when the status does not allow it; an account that is suspended keeps a proven address
   */
  takeEmail(
    email: Email | null,
    verified: boolean,
    change: Change,
    elsewhere: MadeElsewhere,
  ): FormerContact | undefined {
    const address = this.known().email?.address ?? null;
    const isProven = verified && email !== null;
    if (gone.includes(this.status) || (!isProven && this.status === 'SUSPENDED')) throw new StatusConflict(this.status);
    if (this.refuses(email, elsewhere, change)) return undefined;
    const { former, by, over } = this.settle({ email, isProven }, change, elsewhere);
    if (email !== address) {
      const kept = email && { address: email, verifiedAt: this.emailVerified ? change.at.toISOString() : null };
      this.set({ person: { ...this.known(), email: kept } });
      this.book().note('EMAIL_CHANGED', by, [{ path: 'email', from: address, to: email }, ...over]);
    } else if (over.length) this.book().note('CONTACT_PROVEN', by, over);
    if (isProven && !this.emailVerified) this.proveEmail({ ...change, by });
    if (!isProven && this.emailVerified) this.unproveEmail({ ...change, by });
    return former;
  }

  /**
   * The address was proven: it is hers, and the account opens.
   *
   * @throws StatusConflict without an address, and when the status does not wait for a proof
   */
  proveEmail(change: Change): void {
    const { email } = this.known();
    const opens = this.status === 'PENDING_VERIFICATION';
    if (!email || this.emailVerified || !(opens || this.status === 'DEACTIVATED'))
      throw new StatusConflict(this.status);
    const changes = this.prove(email.address, change.at);
    if (!opens) return this.book().note('EMAIL_PROVEN', change.by, changes);
    this.set({ activatedAt: this.activatedAt ?? change.at });
    this.become('ACTIVE', 'EMAIL_PROVEN', change, changes);
  }

  /**
   * The provider took the proof back: an open account waits for another one.
   *
   * @throws StatusConflict when the status does not allow it
   */
  unproveEmail(change: Change): void {
    const opened = this.status === 'ACTIVE';
    if (!this.emailVerified || !(opened || this.status === 'DEACTIVATED')) throw new StatusConflict(this.status);
    const changes = this.prove(this.known().email?.address ?? null, null);
    if (opened) this.become('PENDING_VERIFICATION', 'EMAIL_UNPROVEN', change, changes);
    else this.book().note('EMAIL_UNPROVEN', change.by, changes);
  }

  /**
   * Somebody else proved the address, or nobody did in time: the account loses it and is erased (design, decision 9).
   *
   * @throws StatusConflict unless the account waits for a proof
   */
  evict(change: Change): void {
    if (this.status !== 'PENDING_VERIFICATION') throw new StatusConflict(this.status, 'ERASING');
    const from = this.known().email?.address ?? null;
    const closed = { emailHashEven: null, emailHashOdd: null, phoneHashEven: null, phoneHashOdd: null };
    this.set({ ...closed, person: { ...this.known(), email: null, phone: null }, phoneVerified: false });
    this.become('ERASING', 'EVICTED', change, [{ path: 'email', from, to: null }]);
  }

  /**
   * She came in with what the lock left: something from before.
   *
   * @throws StatusConflict  while something from after the change may still be there
   */
  protected openLock(change: Change): void {
    const { lock } = this.contacts;
    if (!lock || lock.openedAt) return;
    if (!lock.carriedOutAt) throw new StatusConflict('LOCKED');
    this.keep({ ...this.contacts, lock: { ...lock, openedAt: change.at.toISOString() } });
    this.book().note('CONTACT_UNLOCKED', change.by);
  }

  /** A locked account takes an address only from itself or from staff; another one falls under the lock again. */
  private refuses(email: Email | null, { byStaff = false }: MadeElsewhere, { at, by }: Change): boolean {
    const { contacts } = this;
    const address = this.known().email?.address ?? null;
    const asked = contacts.pending.find(({ channel, provenAt }) => channel === 'EMAIL' && provenAt)?.value;
    const expected = [address, asked, contacts.lock?.restore.EMAIL].filter((one) => typeof one === 'string');
    if (byStaff || expected.some((one) => isSameContact('EMAIL', one, email))) return false;
    const lock = lockedAgain(contacts.lock, contacts.lock?.restore.EMAIL ?? address, at);
    if (!lock) return false;
    this.keep({ ...contacts, lock });
    this.book().note('CONTACT_LOCKED', by);
    return true;
  }

  /** What an address of the provider's means for the changes that are under way. A spelling alone is no change. */
  private settle(
    { email, isProven }: { email: Email | null; isProven: boolean },
    { at, by }: Change,
    elsewhere: MadeElsewhere,
  ): { former?: FormerContact | undefined; by: Change['by']; over: readonly FieldChange[] } {
    const address = this.known().email?.address ?? null;
    const waits = this.contacts.pending.some(({ channel }) => channel === 'EMAIL');
    const isProof = waits && isProven && !this.emailVerified;
    if (isSameContact('EMAIL', email, address) && !isProof) return { by, over: [] };
    const from = this.emailVerified ? address : null;
    const pending = pendingOf(this.contacts, 'EMAIL', at)?.value;
    const done = settled(this.contacts, { ...elsewhere, channel: 'EMAIL', from, to: email }, at);
    this.keep(done.contacts);
    const over = pending === undefined ? [] : [{ path: 'email.pending', from: pending, to: null }];
    return { former: done.former, by: done.asked ? 'SELF' : done.restored ? 'SYSTEM' : by, over };
  }

  protected keep(contacts: Contacts): void {
    this.set({ person: { ...this.known(), contacts }, contactDueAt: contactsDueAt(contacts) });
  }

  private waiting(id: string): PendingContact {
    const pending = this.contacts.pending.find((one) => one.id === id);
    if (!pending) throw new NotFound();
    return pending;
  }

  private primary(channel: ContactChannel): string | null {
    const { email, phone } = this.known();
    return (channel === 'EMAIL' ? email?.address : phone?.number) ?? null;
  }

  private prove(address: Email | null, at: Date | null): FieldChange[] {
    const email = address && { address, verifiedAt: at?.toISOString() ?? null };
    const from = this.emailVerified;
    this.set({ emailVerified: at !== null, person: { ...this.known(), email } });
    return [{ path: 'email.verified', from, to: at !== null }];
  }
}
