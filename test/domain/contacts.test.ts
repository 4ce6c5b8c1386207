import { describe, expect, test } from 'vitest';
import type { CustomerAccount } from '../../src/domain/customer-account.ts';
import type { ContactWish } from '../../src/domain/contacts.ts';
import { parseEmail } from '../../src/domain/values/email.ts';
import { at, changedIn, factsOf, id, inStatus, outcomeOf } from '../support/accounts.ts';

const hour = 3_600_000;
const after = (hours: number): Date => new Date(at.getTime() + hours * hour);
const self = (hours = 0) => ({ at: after(hours), by: 'SELF' }) as const;
const idp = (hours = 0) => ({ at: after(hours), by: 'IDP' }) as const;
const first = '019abcde-0000-7000-8000-0000000000c1';
const second = '019abcde-0000-7000-8000-0000000000c2';
const third = '019abcde-0000-7000-8000-0000000000c3';
const wish = (value: string, more: Partial<ContactWish> = {}): ContactWish => ({
  id: first,
  channel: 'EMAIL',
  value: parseEmail(value),
  links: [],
  ...more,
});
const addressOf = ({ person }: CustomerAccount) => person?.email?.address;
const take = (customer: CustomerAccount, email: string, hours: number, changeId = third) =>
  customer.takeEmail(parseEmail(email), true, idp(hours), { id: changeId, since: after(hours - 0.5) });
/** She asked for it at noon, proved it after an hour, and Keycloak has it. */
const moved = (customer: CustomerAccount, email: string, changeId = first, hours = 0) => {
  customer.requestContact(wish(email, { id: changeId }), self(hours));
  customer.proveContact(changeId, self(hours + 1));
  return take(customer, email, hours + 1);
};

describe('a contact change waits for its proof (§3.6, decision 14)', () => {
  test('until then the old address stays primary and proven', () => {
    const customer = inStatus('ACTIVE');

    customer.requestContact(wish('new@example.org'), self());

    expect(customer).toMatchObject({ emailVerified: true, contactDueAt: after(48) });
    expect(addressOf(customer)).toBe('Ada@example.org');
    expect(changedIn(factsOf(customer))).toEqual([['email.pending']]);
  });

  test('proven, it becomes primary with the provider, once, and by her own hand', () => {
    const customer = inStatus('ACTIVE');
    customer.requestContact(wish('New@example.org'), self());
    customer.proveContact(first, self(1));
    customer.takeFacts();

    const former = take(customer, 'new@example.org', 1);

    expect(addressOf(customer)).toBe('new@example.org');
    expect(former).toMatchObject({ id: first, from: 'Ada@example.org', since: at.toISOString() });
    expect(former?.revertUntil).toBe(after(73).toISOString());
    const facts = factsOf(customer);
    expect(changedIn(facts)).toEqual([['email', 'email.pending']]);
    expect(facts.events).toMatchObject([{ data: { reason: 'SELF' } }]);
    expect(take(customer, 'new@example.org', 2)).toBeUndefined();
    expect(customer.takeFacts()).toBeUndefined();
  });

  test('a proof counts for 48 hours; later there is nothing to prove', () => {
    const customer = inStatus('ACTIVE');
    customer.requestContact(wish('new@example.org'), self());

    expect(outcomeOf(() => customer.proveContact(first, self(48)))).toBe('NOT_FOUND');
    expect(outcomeOf(() => customer.proveContact(second, self(1)))).toBe('NOT_FOUND');
    expect(customer.proveContact(first, self(47))).toMatchObject({ provenAt: after(47).toISOString() });
    expect(customer.proveContact(first, self(60))).toMatchObject({ provenAt: after(47).toISOString() });
  });

  test('another change voids it: a second wish, and a change at the provider', () => {
    const customer = inStatus('ACTIVE');
    customer.requestContact(wish('one@example.org'), self());
    customer.requestContact(wish('two@example.org', { id: second }), self());
    expect(outcomeOf(() => customer.proveContact(first, self(1)))).toBe('NOT_FOUND');

    take(customer, 'other@example.org', 1);

    expect(outcomeOf(() => customer.proveContact(second, self(2)))).toBe('NOT_FOUND');
    expect(customer.contacts.former).toMatchObject([
      { id: third, from: 'Ada@example.org', since: after(0.5).toISOString() },
    ]);
  });

  test('what she is reached by already is no change; an address that is not proven may be asked for', () => {
    expect(outcomeOf(() => inStatus('ACTIVE').requestContact(wish('ada@EXAMPLE.org'), self()))).toBe('VALIDATION');

    const waiting = inStatus('PENDING_VERIFICATION', false);
    waiting.requestContact(wish('ada@example.org'), self());
    waiting.proveContact(first, self(1));
    expect(take(waiting, 'Ada@example.org', 1)).toBeUndefined();
    expect(waiting).toMatchObject({ status: 'ACTIVE', emailVerified: true, contacts: { pending: [], former: [] } });
  });

  test('the proof is asked for again after a minute, and five times at most', () => {
    const customer = inStatus('ACTIVE');
    customer.requestContact(wish('new@example.org'), self());
    const again = (minutes: number) => outcomeOf(() => customer.askAgain('EMAIL', self(minutes / 60)));

    expect(again(0.5)).toBe('RATE_LIMITED');
    expect([1, 2, 3, 4].map((minutes) => again(minutes))).not.toContain('RATE_LIMITED');
    expect(again(10)).toBe('RATE_LIMITED');
    expect(outcomeOf(() => inStatus('ACTIVE').askAgain('EMAIL', self()))).toBe('VALIDATION');
  });

  test('what is over is dropped; what is proven waits for the provider as long as it takes', () => {
    const customer = inStatus('ACTIVE');
    customer.requestContact(wish('new@example.org'), self());
    customer.takeFacts();
    customer.dropOverContacts(self(47));
    expect(customer.contacts.pending).toHaveLength(1);

    customer.dropOverContacts(self(48));
    expect(customer).toMatchObject({ contacts: { pending: [] }, contactDueAt: null });
    expect(changedIn(factsOf(customer))).toEqual([['email.pending']]);

    customer.requestContact(wish('new@example.org'), self(50));
    customer.proveContact(first, self(51));
    customer.dropOverContacts(self(500));
    expect(customer.contacts.pending).toHaveLength(1);
  });

  test.each(['SUSPENDED', 'DEACTIVATED', 'ERASING', 'MERGED'] as const)(
    'an account that is %s asks nothing',
    (status) => {
      expect(outcomeOf(() => inStatus(status).requestContact(wish('new@example.org'), self()))).toBe('STATUS_CONFLICT');
    },
  );
});

describe('revert is a lock, not a key (decision 14)', () => {
  test('a completed change is undone for 72 hours', () => {
    const customer = inStatus('ACTIVE');
    moved(customer, 'thief@example.org');

    expect(outcomeOf(() => customer.revertContact(first, self(73)))).toBe('NOT_FOUND');
    customer.revertContact(first, self(72));

    expect(customer.contacts).toMatchObject({
      pending: [],
      former: [],
      lock: { since: at.toISOString(), restore: { EMAIL: 'Ada@example.org' }, carriedOutAt: null },
    });
    expect(take(customer, 'ada@example.org', 72)).toBeUndefined();
    expect(addressOf(customer)).toBe('ada@example.org');
    expect(customer.contacts.former).toEqual([]);
  });

  test('past further changes too: the oldest one that is undone decides, and what came after it has no say any more', () => {
    const customer = inStatus('ACTIVE');
    moved(customer, 'thief@example.org');
    moved(customer, 'thief2@example.org', second, 5);

    customer.revertContact(first, self(10));

    expect(customer.contacts.lock).toMatchObject({ restore: { EMAIL: 'Ada@example.org' }, since: at.toISOString() });
    expect(outcomeOf(() => customer.revertContact(second, self(10)))).toBe('NOT_FOUND');
  });

  test('the thief reverts first: the owner still has the last word', () => {
    const customer = inStatus('ACTIVE');
    moved(customer, 'thief@example.org');
    moved(customer, 'thief2@example.org', second, 5);

    customer.revertContact(second, self(7));
    expect(customer.contacts.lock?.restore).toEqual({ EMAIL: 'thief@example.org' });
    customer.revertContact(first, self(8));

    expect(customer.contacts.lock).toMatchObject({ restore: { EMAIL: 'Ada@example.org' }, since: at.toISOString() });
  });

  test('one that still waits is void, and the account is locked all the same', () => {
    const customer = inStatus('ACTIVE');
    customer.requestContact(wish('thief@example.org'), self());

    customer.revertContact(first, self(1));

    expect(customer.contacts).toMatchObject({ pending: [], lock: { restore: {}, since: at.toISOString() } });
    expect(outcomeOf(() => customer.proveContact(first, self(1)))).toBe('NOT_FOUND');
  });

  test('nobody signs in until the lock is carried out; then whoever has something from before opens it', () => {
    const customer = inStatus('ACTIVE');
    moved(customer, 'thief@example.org');
    customer.revertContact(first, self(2));
    const signIn = (hours: number) =>
      outcomeOf(() => customer.signedIn({ at: after(hours), sessionId: 's', method: 'pwd', amr: [] }, self(hours)));

    expect(signIn(3)).toBe('STATUS_CONFLICT');
    customer.carriedOutLock('another lock', self(3));
    expect(signIn(3)).toBe('STATUS_CONFLICT');
    customer.carriedOutLock(after(2).toISOString(), self(3));
    expect(signIn(4)).toBeUndefined();
    expect(customer.contacts.lock).toMatchObject({ openedAt: after(4).toISOString() });
    customer.dropOverContacts(self(73));
    expect(customer.contacts.lock).not.toBeNull();
    customer.dropOverContacts(self(74));
    expect(customer.contacts.lock).toBeNull();
  });

  test('a lock nobody opened stays', () => {
    const customer = inStatus('ACTIVE');
    moved(customer, 'thief@example.org');
    customer.revertContact(first, self(2));

    customer.dropOverContacts(self(5000));

    expect(customer.contacts.lock).not.toBeNull();
    expect(customer.isUnderContactLock(after(5000))).toBe(true);
  });

  test('what a lock gave back once is a contact like any other afterwards', () => {
    const customer = inStatus('ACTIVE');
    moved(customer, 'thief@example.org');
    customer.revertContact(first, self(2));
    take(customer, 'ada@example.org', 2);
    customer.carriedOutLock(after(2).toISOString(), self(2));
    customer.signedIn({ at: after(2), sessionId: 's', method: 'pwd', amr: [] }, self(2));
    take(customer, 'new@example.org', 3, second);

    expect(take(customer, 'ada@example.org', 4, id)).toMatchObject({ from: 'new@example.org' });
  });
});

describe('a locked account takes no address from the provider', () => {
  const locked = (opened: boolean) => {
    const customer = inStatus('ACTIVE');
    customer.requestContact(wish('thief@example.org'), self());
    customer.revertContact(first, self(1));
    customer.carriedOutLock(after(1).toISOString(), self(1));
    if (opened) customer.signedIn({ at: after(1), sessionId: 's', method: 'pwd', amr: [] }, self(1));
    return customer;
  };

  test.each([
    [false, 1.1],
    [false, 500],
    [true, 1.4],
  ])('opened: %s, after %d hours: it falls under the lock again', (opened, hours) => {
    const customer = locked(opened);

    expect(take(customer, 'thief@example.org', hours)).toBeUndefined();

    expect(addressOf(customer)).toBe('Ada@example.org');
    expect(customer.contacts.lock).toMatchObject({ restore: { EMAIL: 'Ada@example.org' }, carriedOutAt: null });
  });

  test('once she is back and no link can be out any more, or by staff, it counts', () => {
    const [back, byStaff] = [locked(true), locked(false)];

    take(back, 'new@example.org', 1.6);
    byStaff.takeEmail(parseEmail('new@example.org'), true, idp(2), { id: third, since: after(2), byStaff: true });

    expect([back, byStaff].map(addressOf)).toEqual(['new@example.org', 'new@example.org']);
  });
});

describe('what waits after a change (decision 14)', () => {
  test('for 72 hours nothing of weight happens, but with a factor from before', () => {
    const customer = inStatus('ACTIVE');
    expect(customer.isUnderContactLock(after(0))).toBe(false);
    moved(customer, 'new@example.org');

    expect(customer.isUnderContactLock(after(2))).toBe(true);
    expect(customer.isUnderContactLock(after(2), [after(0), after(1)])).toBe(true);
    expect(customer.isUnderContactLock(after(2), [after(-1)])).toBe(false);
    expect(customer.isUnderContactLock(after(72))).toBe(true);
    expect(customer.isUnderContactLock(after(73))).toBe(false);
  });

  test('a change that only waits holds up nothing', () => {
    const customer = inStatus('ACTIVE');
    customer.requestContact(wish('new@example.org'), self());

    expect(customer.isUnderContactLock(after(1))).toBe(false);
  });
});
