import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { accountStatuses } from '../../src/domain/account-status.ts';
import { StatusConflict, ValidationFailed, VersionConflict } from '../../src/domain/errors.ts';
import { parseEmail } from '../../src/domain/values/email.ts';
import {
  at,
  changedIn,
  factsOf,
  id,
  inStatus,
  later,
  outcomeOf,
  provider,
  register,
  self,
} from '../support/accounts.ts';

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
        data: {
          customerId: id,
          version: 2,
          changed,
          reason: 'SELF',
          status: 'ACTIVE',
          emailVerified: true,
          phoneVerified: false,
        },
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
    const outcome = outcomeOf(() => inStatus(status).updateProfile({ givenName: 'X' }, 1, self));

    const open = status === 'ACTIVE' || status === 'PENDING_VERIFICATION';
    expect(outcome).toEqual(open ? ['givenName'] : 'STATUS_CONFLICT');
  });
});

describe('address as the provider has it (design §2)', () => {
  const other = parseEmail('new@example.org');

  test('an address that changed there and is proven changes here', () => {
    const customer = inStatus('ACTIVE');

    customer.takeEmail(other, true, provider, { id, since: at });

    expect(customer).toMatchObject({ status: 'ACTIVE', person: { email: { address: other } } });
    expect(changedIn(factsOf(customer))).toEqual([['email']]);
  });

  test('one that changed and is not proven closes the account until it is; then it opens', () => {
    const customer = inStatus('ACTIVE');

    customer.takeEmail(other, false, provider, { id, since: at });
    expect(customer).toMatchObject({
      status: 'PENDING_VERIFICATION',
      person: { email: { address: other, verifiedAt: null } },
    });
    expect(changedIn(factsOf(customer))).toEqual([['email', 'email.verified', 'status']]);

    customer.takeEmail(other, true, provider, { id, since: at });
    expect(customer.status).toBe('ACTIVE');
  });

  test('what is known already leaves no trace; a spelling is a change', () => {
    const customer = inStatus('ACTIVE');

    customer.takeEmail(parseEmail('Ada@example.org'), true, provider, { id, since: at });
    expect(customer.takeFacts()).toBeUndefined();
    customer.takeEmail(parseEmail('ada@example.org'), true, provider, { id, since: at });
    expect(changedIn(factsOf(customer))).toEqual([['email']]);
  });

  test('a suspended account keeps its proof, and who is gone takes nothing', () => {
    expect(() => inStatus('SUSPENDED').takeEmail(other, false, provider, { id, since: at })).toThrow(StatusConflict);
    expect(() => inStatus('ERASING').takeEmail(other, true, provider, { id, since: at })).toThrow(StatusConflict);
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
