import { after, type ContactLock, type Contacts, isPast, noContacts, revertMs } from './contacts.ts';
import { NotFound } from './errors.ts';

/**
 * Reverts a change, and all that came after it: one that waits becomes void, a completed one comes back. Either way the
 * account is locked until it is opened with something from before the change.
 *
 * @param phoneSince  since when she has the number she has: one from after the change goes
 * @throws NotFound  when there is nothing of this id to revert any more
 */
export function reverted(contacts: Contacts, id: string, at: Date, phoneSince: Date | null = null): Contacts {
  const index = contacts.former.findIndex((one) => one.id === id && !isPast(one.revertUntil, at));
  const begun = contacts.former[index] ?? contacts.pending.find((one) => one.id === id);
  if (!begun) throw new NotFound();
  const undone = index < 0 ? [] : contacts.former.slice(index);
  // The oldest of each channel counts: what came after it was somebody else's.
  const restore = Object.fromEntries(undone.toReversed().map(({ channel, from }) => [channel, from]));
  const since = 'since' in begun ? begun.since : begun.requestedAt;
  const earlier = contacts.lock;
  const before = earlier && earlier.since < since ? earlier : { since, links: begun.links };
  const lock: ContactLock = {
    at: at.toISOString(),
    since: before.since,
    restore: {
      ...(phoneSince && phoneSince >= new Date(before.since) ? { SMS: null } : {}),
      ...(earlier?.carriedOutAt ? {} : earlier?.restore),
      ...restore,
    },
    links: before.links,
    carriedOutAt: null,
    openedAt: null,
  };
  return { pending: [], former: contacts.former.filter((one) => !undone.includes(one)), lock };
}

/** As long as a link is good by which the provider has an address proven: one may still be out when the lock falls. */
const staleLinkMs = 1_800_000;

/**
 * The lock once more, when the provider shows another address although nobody of before has come in: a link that was out
 * when it fell. Undefined when the address may be taken.
 */
export function lockedAgain(lock: ContactLock | null, address: string | null, at: Date): ContactLock | undefined {
  if (!lock || address === null) return undefined;
  if (lock.openedAt !== null && isPast(after(lock.at, staleLinkMs), at)) return undefined;
  return { ...lock, restore: { ...lock.restore, EMAIL: address }, carriedOutAt: null, openedAt: null };
}

/** Whether a lock binds no longer: she came in with something from before, and the time to misuse it is over. */
const isSpent = (lock: ContactLock, at: Date): boolean =>
  lock.openedAt !== null && isPast(after(lock.at, revertMs), at);

/** Without what is over: changes nobody proved in time, those that cannot be reverted any more, locks that bind no longer. */
export function withoutOver(contacts: Contacts, at: Date): Contacts {
  return {
    pending: contacts.pending.filter((one) => one.provenAt || !isPast(one.expiresAt, at)),
    former: contacts.former.filter(({ revertUntil }) => !isPast(revertUntil, at)),
    lock: contacts.lock && isSpent(contacts.lock, at) ? null : contacts.lock,
  };
}

/** When something of it is over; null when nothing ever will be. */
export function contactsDueAt({ pending, former, lock }: Contacts): Date | null {
  const times = [
    ...pending.filter(({ provenAt }) => !provenAt).map(({ expiresAt }) => expiresAt),
    ...former.map(({ revertUntil }) => revertUntil),
    ...(lock?.openedAt ? [after(lock.at, revertMs)] : []),
  ];
  const [first] = times.toSorted((a, b) => a.localeCompare(b));
  return first === undefined ? null : new Date(first);
}

/**
 * Whether a contact changed so lately that its former owner may still take it back: then no export, merge, erasure and no
 * large redemption, unless she has proven a factor that is older than the change (design, decision 14).
 *
 * @param factors  when each factor with which she is signed in now was set up
 */
export function isUnderContactLock(contacts: Contacts | undefined, at: Date, factors: readonly Date[] = []): boolean {
  const { former, lock } = contacts ?? noContacts;
  const begun = [
    ...former.filter(({ revertUntil }) => !isPast(revertUntil, at)).map(({ since }) => since),
    ...(lock && !isSpent(lock, at) ? [lock.since] : []),
  ];
  return begun.some((since) => !factors.some((made) => made < new Date(since)));
}
