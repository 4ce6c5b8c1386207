import { invalid, NotFound, RateLimited } from './errors.ts';
import { type Email, emailLookupOf } from './values/email.ts';

/** Where a customer is reached, and can be proven to be: the words of the contract's `Channel` that are contacts. */
export const contactChannels = ['EMAIL', 'SMS'] as const;

/** One of {@link contactChannels}. */
export type ContactChannel = (typeof contactChannels)[number];

/** A contact that waits for its proof. The one before it stays primary and valid until then. Times are RFC 3339. */
export interface PendingContact {
  readonly id: string;
  readonly channel: ContactChannel;
  readonly value: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  /** When the proof was last asked for, and how often. */
  readonly sentAt: string;
  readonly sends: number;
  /** When she proved it; it becomes primary once the provider has it. */
  readonly provenAt: string | null;
  /** The foreign identities her user was linked with when she asked; null when nobody looked. */
  readonly links: readonly string[] | null;
  /** What proves it, if that is a code instead of a link; null once it is used up. */
  readonly code?: WaitingCode | null;
}

/** A code that was sent to a contact. */
export interface WaitingCode {
  /** Keyed hash, base64url. */
  readonly hash: string;
  readonly expiresAt: string;
  /** How often another one was given. */
  readonly tries: number;
}

/** A contact that was primary once, and may be again: its owner can revert the change for a while. */
export interface FormerContact {
  readonly id: string;
  readonly channel: ContactChannel;
  readonly from: string;
  readonly to: string | null;
  /** When the change began: whatever the account gained since then goes when it is reverted. */
  readonly since: string;
  readonly completedAt: string;
  readonly revertUntil: string;
  readonly links: readonly string[] | null;
}

/**
 * A change was reverted (design, decision 14): what the account gained since it began is removed, its contacts come back,
 * and it opens only with something from before, or through staff.
 */
export interface ContactLock {
  readonly at: string;
  readonly since: string;
  /** What is still to be given back at the provider, or, null, to be taken away there. */
  readonly restore: { readonly [C in ContactChannel]?: string | null };
  readonly links: readonly string[] | null;
  /** When the provider had done all of it; nobody signs in before. */
  readonly carriedOutAt: string | null;
  /** When she came in with something from before. */
  readonly openedAt: string | null;
}

/** All that is under way or can be undone with the contacts of a customer. */
export interface Contacts {
  readonly pending: readonly PendingContact[];
  /** Oldest first. */
  readonly former: readonly FormerContact[];
  readonly lock: ContactLock | null;
}

/** Nothing is under way. */
export const noContacts: Contacts = { pending: [], former: [], lock: null };

const hour = 3_600_000;
/** How long a new contact may be proven. */
const provenWithinMs = 48 * hour;
/** How long a change can be reverted, counted from its completion; and how long a lock binds after it. */
export const revertMs = 72 * hour;
const resendAfterMs = 60_000;
const mostSends = 5;
const codeMs = 600_000;
const mostTries = 5;

/** A time so many milliseconds after another one. */
export const after = (at: Date | string, ms: number): string => new Date(new Date(at).getTime() + ms).toISOString();
/** Whether a time has come. */
export const isPast = (time: string, at: Date): boolean => new Date(time) <= at;

/** Whether two spellings are one contact. */
export function isSameContact(channel: ContactChannel, one: string | null, other: string | null): boolean {
  // What she wants to be without waits as an empty value.
  const [a, b] = [one || null, other || null];
  if (a === null || b === null || channel === 'SMS') return a === b;
  return emailLookupOf(a as Email) === emailLookupOf(b as Email);
}

/** What a customer wants to be reached by. */
export interface ContactWish {
  readonly id: string;
  readonly channel: ContactChannel;
  /** Empty for a number that is to go: that needs no proof. */
  readonly value: string;
  readonly links: readonly string[] | null;
  /** Hash of the code that went to it, for a contact that is proven by one. */
  readonly codeHash?: string;
}

const codeFrom = (hash: string, at: Date): WaitingCode => ({ hash, expiresAt: after(at, codeMs), tries: 0 });

/** The wish waits for its proof. An earlier one of the same channel is void. */
export function wished(contacts: Contacts, wish: ContactWish, at: Date): Contacts {
  const { id, channel, value, links, codeHash } = wish;
  const now = at.toISOString();
  const times = {
    requestedAt: now,
    expiresAt: after(at, provenWithinMs),
    sentAt: now,
    sends: 1,
    provenAt: value ? null : now,
  };
  const others = contacts.pending.filter((one) => one.channel !== channel);
  const code = codeHash === undefined ? {} : { code: codeFrom(codeHash, at) };
  return { ...contacts, pending: [...others, { id, channel, value, links, ...times, ...code }] };
}

/** The change of a channel that waits for its proof or, proven, for the provider; undefined when there is none. */
export function pendingOf(contacts: Contacts, channel: ContactChannel, at: Date): PendingContact | undefined {
  return contacts.pending.find((one) => one.channel === channel && (one.provenAt || !isPast(one.expiresAt, at)));
}

/** When the proof may be asked for once more. */
export function resendAfter({ sentAt }: PendingContact): Date {
  return new Date(after(sentAt, resendAfterMs));
}

function replaced(contacts: Contacts, next: PendingContact): Contacts {
  return { ...contacts, pending: contacts.pending.map((one) => (one.id === next.id ? next : one)) };
}

/**
 * The proof is asked for once more.
 *
 * @param codeHash  of the code that goes out this time, for a contact that is proven by one
 * @throws ValidationFailed  when nothing of the channel waits for a proof
 * @throws RateLimited       too soon, or too often
 */
export function askedAgain(contacts: Contacts, channel: ContactChannel, at: Date, codeHash?: string): Contacts {
  const pending = pendingOf(contacts, channel, at);
  if (!pending || pending.provenAt) throw invalid('channel', 'nothing_pending', 'Nothing waits for a proof.');
  const until = pending.sends < mostSends ? resendAfter(pending) : new Date(pending.expiresAt);
  const wait = Math.ceil((until.getTime() - at.getTime()) / 1000);
  if (wait > 0) throw new RateLimited(wait);
  const code = codeHash === undefined ? {} : { code: codeFrom(codeHash, at) };
  return replaced(contacts, { ...pending, sentAt: at.toISOString(), sends: pending.sends + 1, ...code });
}

/**
 * The waiting contact was proven. Proven twice is proven once.
 *
 * @throws NotFound  when it is void, over, or was never asked for
 */
export function proven(contacts: Contacts, id: string, at: Date): Contacts {
  const pending = contacts.pending.find((one) => one.id === id);
  if (!pending || (!pending.provenAt && isPast(pending.expiresAt, at))) throw new NotFound();
  return pending.provenAt ? contacts : replaced(contacts, { ...pending, provenAt: at.toISOString() });
}

/** What came of a code: right, wrong with tries left, or none is waited for any more. */
export type CodeOutcome = 'right' | 'wrong' | 'over';

/**
 * A code was given for a waiting contact. A right one proves it and is used up; after five wrong ones, or ten minutes,
 * another one has to be sent.
 *
 * @throws NotFound  when the change is void, over, or was never asked for
 */
export function codeGiven(
  contacts: Contacts,
  id: string,
  hash: string,
  at: Date,
): { readonly contacts: Contacts; readonly outcome: CodeOutcome } {
  const pending = contacts.pending.find((one) => one.id === id && !one.provenAt && !isPast(one.expiresAt, at));
  if (pending?.code === undefined) throw new NotFound();
  const { code } = pending;
  if (!code || isPast(code.expiresAt, at)) return { contacts, outcome: 'over' };
  if (code.hash === hash) {
    return { contacts: proven(replaced(contacts, { ...pending, code: null }), id, at), outcome: 'right' };
  }
  const tries = code.tries + 1;
  const left = tries < mostTries ? { ...code, tries } : null;
  return { contacts: replaced(contacts, { ...pending, code: left }), outcome: left ? 'wrong' : 'over' };
}

/** Without the waiting change of this id. */
export function withdrawn(contacts: Contacts, id: string): Contacts {
  return { ...contacts, pending: contacts.pending.filter((one) => one.id !== id) };
}

/** A change that nobody asked for here: what it is called, and when it may have begun. */
export interface MadeElsewhere {
  readonly id: string;
  readonly since: Date;
  readonly byStaff?: boolean;
}

/** A primary contact that the provider has now. */
export interface Moved extends MadeElsewhere {
  readonly channel: ContactChannel;
  /** The one before, if it was proven. */
  readonly from: string | null;
  readonly to: string | null;
}

/** What a move means. */
export interface Settled {
  readonly contacts: Contacts;
  /** What its former owner is to be told. */
  readonly former?: FormerContact;
  /** The customer herself asked for it here. */
  readonly asked: boolean;
  /** It is what a lock gave back. */
  readonly restored: boolean;
}

function givenBack(lock: ContactLock | null, channel: ContactChannel): ContactLock | null {
  if (!lock) return lock;
  const { [channel]: _done, ...restore } = lock.restore;
  return { ...lock, restore };
}

/** Takes the contact that the provider has now: what waits is done or void, and the one before can be had back. */
export function settled(contacts: Contacts, { id, since, channel, from, to }: Moved, at: Date): Settled {
  const waiting = contacts.pending.find((one) => one.channel === channel);
  const asked = !!waiting?.provenAt && isSameContact(channel, waiting.value, to);
  const given = contacts.lock?.restore[channel];
  const restored = given !== undefined && isSameContact(channel, given, to);
  const pending = contacts.pending.filter((one) => one.channel !== channel);
  const next = { ...contacts, pending, lock: restored ? givenBack(contacts.lock, channel) : contacts.lock };
  if (restored || from === null) return { contacts: next, asked, restored };
  const former: FormerContact = {
    id: asked ? waiting.id : id,
    channel,
    from,
    to,
    since: asked ? waiting.requestedAt : since.toISOString(),
    completedAt: at.toISOString(),
    revertUntil: after(at, revertMs),
    links: asked ? waiting.links : null,
  };
  return { contacts: { ...next, former: [...next.former, former] }, former, asked, restored };
}
