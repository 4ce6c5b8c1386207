import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type AccountStatus, accountStatuses, canBecome } from '../../src/domain/account-status.ts';
import { CustomerAccount } from '../../src/domain/customer-account.ts';
import type { Change, CustomerFacts } from '../../src/domain/customer-facts.ts';
import { StatusConflict, ValidationFailed, VersionConflict } from '../../src/domain/errors.ts';
import { events } from '../../src/domain/events.ts';
import type { Registration } from '../../src/domain/registration.ts';
import { parseEmail } from '../../src/domain/values/email.ts';

const at = new Date('2026-11-24T12:00:00.000Z');
const later = new Date('2026-11-24T13:00:00.000Z');
const self: Change = { at, by: 'SELF' };
const staff: Change = { at: later, by: 'STAFF' };
const provider: Change = { at: later, by: 'IDP' };
const id = '019abcde-0000-7000-8000-000000000001';

function register(more: Partial<Registration> = {}): CustomerAccount {
  const base = {
    id,
    keyId: id,
    method: 'PASSWORD',
    email: parseEmail('Ada@example.org'),
    emailVerified: true,
  } as const;
  return CustomerAccount.register({ ...base, ...more }, self);
}

/** In any status, as a row that was loaded. */
function inStatus(status: AccountStatus, emailVerified = true): CustomerAccount {
  const customer = register({ profile: { givenName: 'Ada', locale: 'en' } });
  customer.takeFacts();
  return Object.assign(customer, { status, emailVerified });
}

function factsOf(customer: CustomerAccount): CustomerFacts {
  const facts = customer.takeFacts();
  if (!facts) throw new Error('Nothing happened.');
  for (const { name, data } of facts.events) events[name].data.parse(data);
  return facts;
}

const changedIn = ({ events: raised }: CustomerFacts): unknown =>
  raised.flatMap((event) => (event.name === 'CustomerUpdated' ? [event.data.changed] : []));

describe('registration (FR-1)', () => {
  test('with a proven address the account is active', () => {
    const customer = register({ profile: { displayName: 'Ada', country: 'gb' } });

    expect(customer).toMatchObject({
      status: 'ACTIVE',
      emailVerified: true,
      version: 1,
      activatedAt: at,
      country: 'GB',
    });
    expect(factsOf(customer)).toMatchObject({
      profile: false,
      deeds: [{ action: 'REGISTERED' }],
      events: [{ name: 'CustomerRegistered', data: { status: 'ACTIVE', method: 'PASSWORD', country: 'GB' } }],
    });
  });

  test('without proof, or without an address, it waits', () => {
    expect(register({ emailVerified: false })).toMatchObject({ status: 'PENDING_VERIFICATION', activatedAt: null });
    expect(register({ email: null })).toMatchObject({ status: 'PENDING_VERIFICATION', emailVerified: false });
  });

  test('a profile that is not valid makes no account', () => {
    expect(() => register({ profile: { country: 'XX', locale: '!' } })).toThrow(ValidationFailed);
  });

  test('printed, a customer shows nothing of herself', () => {
    const customer = register({ profile: { givenName: 'Marker' } });

    expect(inspect(customer, { depth: 9 }) + JSON.stringify({ customer }) + inspect([{ customer }])).not.toMatch(
      /marker|ada@/i,
    );
  });
});

describe('profile (FR-3)', () => {
  test('what differs is changed, told and counted; the rest is not mentioned', () => {
    const customer = inStatus('ACTIVE');

    const changed = customer.updateProfile({ givenName: 'Ada', familyName: 'Lovelace', country: 'GB' }, 1, self);

    expect(changed).toEqual(['familyName', 'country']);
    const facts = factsOf(customer);
    expect(facts.profile).toBe(true);
    expect(facts.events).toEqual([
      {
        name: 'CustomerUpdated',
        data: { customerId: id, version: 2, changed, reason: 'SELF', status: 'ACTIVE', emailVerified: true },
      },
    ]);
    expect(facts.deeds[0]?.changes).toEqual([
      { path: 'familyName', from: null, to: 'Lovelace' },
      { path: 'country', from: null, to: 'GB' },
    ]);
  });

  test('a change that changes nothing leaves no trace', () => {
    const customer = inStatus('ACTIVE');

    expect(customer.updateProfile({ givenName: ' Ada ' }, 1, self)).toEqual([]);
    expect(customer.takeFacts()).toBeUndefined();
  });

  test('a form that was opened before another change is refused, with the version that counts', () => {
    const customer = inStatus('ACTIVE');

    expect(() => customer.updateProfile({ givenName: 'X' }, 7, self)).toThrow(
      expect.objectContaining({ code: 'VERSION_CONFLICT', currentVersion: 1 }) as Error,
    );
    expect(() => customer.expectVersion(2)).toThrow(VersionConflict);
    expect(customer.person?.givenName).toBe('Ada');
  });

  test.each(accountStatuses)('in %s', (status) => {
    const change = () => inStatus(status).updateProfile({ givenName: 'X' }, 1, self);

    if (status === 'ACTIVE' || status === 'PENDING_VERIFICATION') expect(change()).toEqual(['givenName']);
    else expect(change).toThrow(StatusConflict);
  });
});

describe('statuses (contracts: access)', () => {
  const pairs = accountStatuses.flatMap((from) => accountStatuses.map((to) => [from, to] as const));
  const wanted: readonly AccountStatus[] = ['SUSPENDED', 'ACTIVE', 'DEACTIVATED'];

  test.each(pairs)('%s → %s by a change of status', (from, to) => {
    const customer = inStatus(from);
    const fromOpen = to === 'ACTIVE' ? ['SUSPENDED', 'DEACTIVATED'].includes(from) : true;

    if (wanted.includes(to) && canBecome(from, to) && fromOpen) {
      customer.changeStatus(to, 'STAFF', staff);
      expect(customer.status).toBe(to);
      expect(changedIn(factsOf(customer))).toEqual([['status']]);
    } else {
      expect(() => customer.changeStatus(to, 'STAFF', staff)).toThrow(StatusConflict);
      expect(customer.status).toBe(from);
      expect(customer.takeFacts()).toBeUndefined();
    }
  });

  test.each(accountStatuses)('proof and its loss in %s', (status) => {
    const waiting = inStatus(status, false);
    const proven = inStatus(status, true);

    const opens = { PENDING_VERIFICATION: 'ACTIVE', DEACTIVATED: 'DEACTIVATED' }[status as string];
    if (opens) {
      waiting.proveEmail(provider);
      expect(waiting).toMatchObject({ status: opens, emailVerified: true });
    } else expect(() => waiting.proveEmail(provider)).toThrow(StatusConflict);
    const closes = { ACTIVE: 'PENDING_VERIFICATION', DEACTIVATED: 'DEACTIVATED' }[status as string];
    if (closes) {
      proven.unproveEmail(provider);
      expect(proven).toMatchObject({ status: closes, emailVerified: false });
    } else expect(() => proven.unproveEmail(provider)).toThrow(StatusConflict);
  });

  test.each(accountStatuses)('eviction in %s', (status) => {
    const customer = inStatus(status, false);

    if (status !== 'PENDING_VERIFICATION') return expect(() => customer.evict(provider)).toThrow(StatusConflict);
    customer.evict(provider);
    expect(customer).toMatchObject({ status: 'ERASING', person: { email: null } });
    expect(changedIn(factsOf(customer))).toEqual([['email', 'status']]);
  });

  test('who closes her account can come back for 30 days; whom staff closes cannot by herself', () => {
    const [own, other] = [inStatus('ACTIVE'), inStatus('SUSPENDED')];

    own.deactivate('CUSTOMER_REQUEST', self);
    other.deactivate('FRAUD', staff);

    expect(own.reversibleUntil).toEqual(new Date('2026-12-24T12:00:00.000Z'));
    expect(factsOf(own).events.map(({ name }) => name)).toEqual(['CustomerUpdated', 'CustomerAccountDeactivated']);
    expect(factsOf(own.changeStatus('ACTIVE', 'STAFF', staff) ?? own).profile).toBe(true);
    expect(own).toMatchObject({
      status: 'ACTIVE',
      deactivatedAt: null,
      deactivationReason: null,
      reversibleUntil: null,
    });
    expect(other).toMatchObject({ reversibleUntil: null, deactivationReason: 'FRAUD' });
  });

  test('an account whose address is no longer proven does not open again', () => {
    const customer = inStatus('DEACTIVATED', false);

    expect(() => customer.reactivate(staff)).toThrow(StatusConflict);
  });

  test.each(accountStatuses)('signing in in %s', (status) => {
    const customer = inStatus(status);
    const signIn = () =>
      customer.signedIn(
        { at: later, sessionId: 'h', method: 'PASSWORD', amr: ['pwd'], acr: '2', clientId: 'bff' },
        self,
      );

    if (status !== 'ACTIVE' && status !== 'PENDING_VERIFICATION') return expect(signIn).toThrow(StatusConflict);
    signIn();
    expect(customer.lastActivityAt).toBe(later);
    expect(factsOf(customer)).toMatchObject({
      profile: false,
      events: [{ name: 'CustomerLoggedIn', data: { acr: '2' } }],
    });
  });
});

describe('address as the provider has it (design §2)', () => {
  const other = parseEmail('new@example.org');

  test('an address that changed there and is proven changes here', () => {
    const customer = inStatus('ACTIVE');

    customer.takeEmail(other, true, provider);

    expect(customer).toMatchObject({ status: 'ACTIVE', person: { email: { address: other } } });
    expect(changedIn(factsOf(customer))).toEqual([['email']]);
  });

  test('one that changed and is not proven closes the account until it is; then it opens', () => {
    const customer = inStatus('ACTIVE');

    customer.takeEmail(other, false, provider);
    expect(customer).toMatchObject({
      status: 'PENDING_VERIFICATION',
      person: { email: { address: other, verifiedAt: null } },
    });
    expect(changedIn(factsOf(customer))).toEqual([['email', 'email.verified', 'status']]);

    customer.takeEmail(other, true, provider);
    expect(customer.status).toBe('ACTIVE');
  });

  test('what is known already leaves no trace; a spelling is a change', () => {
    const customer = inStatus('ACTIVE');

    customer.takeEmail(parseEmail('Ada@example.org'), true, provider);
    expect(customer.takeFacts()).toBeUndefined();
    customer.takeEmail(parseEmail('ada@example.org'), true, provider);
    expect(changedIn(factsOf(customer))).toEqual([['email']]);
  });

  test('a suspended account keeps its proof, and who is gone takes nothing', () => {
    expect(() => inStatus('SUSPENDED').takeEmail(other, false, provider)).toThrow(StatusConflict);
    expect(() => inStatus('ERASING').takeEmail(other, true, provider)).toThrow(StatusConflict);
  });
});

describe('names and language at the provider (design, decision 27)', () => {
  const values = { givenName: 'Augusta', familyName: 'King', locale: 'fr' };

  test('what changed there after ours was delivered counts here, and makes one event', () => {
    const customer = inStatus('ACTIVE');
    customer.delivered({ subject: 's', values: { givenName: 'Ada', familyName: null, locale: 'en' } }, provider);
    customer.takeFacts();

    const verdict = customer.reconcileFromProvider({ subject: 's', values }, provider);

    expect(verdict).toEqual({ changed: ['givenName', 'familyName', 'locale'], deliver: [] });
    expect(customer).toMatchObject({ locale: 'fr', person: { givenName: 'Augusta', familyName: 'King' } });
    expect(factsOf(customer).events).toMatchObject([{ name: 'CustomerUpdated', data: { reason: 'IDP' } }]);
  });

  test('the echo of a delivery changes nothing and makes no event', () => {
    const customer = inStatus('ACTIVE');
    const own = { subject: 's', values: { givenName: 'Ada', familyName: null, locale: 'en' } };
    customer.delivered(own, provider);
    expect(factsOf(customer)).toMatchObject({ events: [], profile: false });

    expect(customer.reconcileFromProvider(own, provider)).toEqual({ changed: [], deliver: [] });
    expect(customer.takeFacts()).toBeUndefined();
  });

  test('changed on both sides, the later counts and the other is in the audit', () => {
    const customer = inStatus('ACTIVE');
    customer.updateProfile({ givenName: 'Ours' }, 1, { at: later, by: 'SELF' });
    customer.takeFacts();

    const verdict = customer.reconcileFromProvider({ subject: 's', values, eventAt: at }, provider);

    expect(verdict.deliver).toContain('givenName');
    expect(customer.person?.givenName).toBe('Ours');
    const changes = factsOf(customer).deeds.flatMap((deed) => deed.changes);
    expect(changes).toContainEqual({ path: 'givenName', from: 'Ours', to: 'Ours', lost: 'Augusta' });
  });

  test('a name that nobody can have is not taken; ours goes there', () => {
    const customer = inStatus('ACTIVE');
    customer.delivered({ subject: 's', values: { givenName: 'Ada', familyName: null, locale: 'en' } }, provider);

    const verdict = customer.reconcileFromProvider(
      { subject: 's', values: { givenName: 'A\u0000', familyName: null, locale: 'no such' } },
      provider,
    );

    expect(verdict).toEqual({ changed: [], deliver: ['givenName', 'locale'] });
  });

  test.each(['ERASING', 'ERASED', 'MERGED'] as const)('%s takes nothing', (status) => {
    expect(inStatus(status).reconcileFromProvider({ subject: 's', values }, provider)).toEqual({
      changed: [],
      deliver: [],
    });
  });
});
