import { describe, expect, test } from 'vitest';
import { type AccountStatus, accountStatuses, canBecome } from '../../src/domain/account-status.ts';
import type { CustomerAccount } from '../../src/domain/customer-account.ts';
import { StatusConflict } from '../../src/domain/errors.ts';
import { changedIn, factsOf, inStatus, later, outcomeOf, provider, self, staff } from '../support/accounts.ts';

/** Where she stands after the work, or STATUS_CONFLICT when nothing at all happened to her. */
function after(customer: CustomerAccount, work: () => void): unknown {
  const before = customer.status;
  const outcome = outcomeOf(work);
  if (outcome !== 'STATUS_CONFLICT') return { status: customer.status, changed: changedIn(factsOf(customer)) };
  return customer.status === before && !customer.takeFacts() ? outcome : 'half done';
}

describe('statuses (contracts: access)', () => {
  const pairs = accountStatuses.flatMap((from) => accountStatuses.map((to) => [from, to] as const));
  const wanted: readonly AccountStatus[] = ['SUSPENDED', 'ACTIVE', 'DEACTIVATED'];
  const closed: readonly AccountStatus[] = ['SUSPENDED', 'DEACTIVATED'];

  test.each(pairs)('%s to %s by a change of status', (from, to) => {
    const customer = inStatus(from);

    const outcome = after(customer, () => customer.changeStatus(to, 'STAFF', staff));

    const possible = wanted.includes(to) && canBecome(from, to) && (to !== 'ACTIVE' || closed.includes(from));
    expect(outcome).toEqual(possible ? { status: to, changed: [['status']] } : 'STATUS_CONFLICT');
  });

  const proofs: Partial<Record<AccountStatus, object>> = {
    PENDING_VERIFICATION: { status: 'ACTIVE', changed: [['email.verified', 'status']] },
    DEACTIVATED: { status: 'DEACTIVATED', changed: [['email.verified']] },
  };
  test.each(accountStatuses)('a proof in %s', (status) => {
    const customer = inStatus(status, false);

    expect(after(customer, () => customer.proveEmail(provider))).toEqual(proofs[status] ?? 'STATUS_CONFLICT');
  });

  const losses: Partial<Record<AccountStatus, object>> = {
    ACTIVE: { status: 'PENDING_VERIFICATION', changed: [['email.verified', 'status']] },
    DEACTIVATED: { status: 'DEACTIVATED', changed: [['email.verified']] },
  };
  test.each(accountStatuses)('a proof taken back in %s', (status) => {
    const customer = inStatus(status, true);

    expect(after(customer, () => customer.unproveEmail(provider))).toEqual(losses[status] ?? 'STATUS_CONFLICT');
  });

  test.each(accountStatuses)('eviction in %s', (status) => {
    const customer = inStatus(status, false);

    const outcome = after(customer, () => customer.evict(provider));

    const evicted = { status: 'ERASING', changed: [['email', 'status']] };
    expect(outcome).toEqual(status === 'PENDING_VERIFICATION' ? evicted : 'STATUS_CONFLICT');
    expect(customer.person?.email === null).toBe(status === 'PENDING_VERIFICATION');
  });

  test('who closes her account can come back for 30 days; whom staff closes cannot by herself', () => {
    const [own, other] = [inStatus('ACTIVE'), inStatus('SUSPENDED')];

    own.deactivate('CUSTOMER_REQUEST', self);
    other.deactivate('FRAUD', staff);

    expect(own.reversibleUntil).toEqual(new Date('2026-12-24T12:00:00.000Z'));
    expect(factsOf(own).events.map(({ name }) => name)).toEqual(['CustomerUpdated', 'CustomerAccountDeactivated']);
    expect(other).toMatchObject({ reversibleUntil: null, deactivationReason: 'FRAUD' });
    own.reactivate(staff);
    expect(own).toMatchObject({
      status: 'ACTIVE',
      deactivatedAt: null,
      deactivationReason: null,
      reversibleUntil: null,
    });
  });

  test('an account whose address is no longer proven does not open again', () => {
    expect(() => inStatus('DEACTIVATED', false).reactivate(staff)).toThrow(StatusConflict);
  });

  const signIn = { at: later, sessionId: 'h', method: 'PASSWORD', amr: ['pwd'], acr: '2', clientId: 'bff' };
  test.each(accountStatuses)('signing in in %s', (status) => {
    const customer = inStatus(status);

    const outcome = after(customer, () => customer.signedIn(signIn, self));

    const may = status === 'ACTIVE' || status === 'PENDING_VERIFICATION';
    expect(outcome).toEqual(may ? { status, changed: [] } : 'STATUS_CONFLICT');
    expect(customer.lastActivityAt === later).toBe(may);
  });

  test('a sign-in says how, and moves no version', () => {
    const customer = inStatus('ACTIVE');

    customer.signedIn(signIn, self);

    const told = { name: 'CustomerLoggedIn', data: { acr: '2', clientId: 'bff', at: later.toISOString() } };
    expect(factsOf(customer)).toMatchObject({ profile: false, events: [told] });
  });
});
