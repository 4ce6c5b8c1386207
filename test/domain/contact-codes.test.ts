import { describe, expect, test } from 'vitest';
import type { CustomerAccount } from '../../src/domain/customer-account.ts';
import { parsePhoneNumber } from '../../src/domain/values/phone-number.ts';
import { at, changedIn, factsOf, inStatus, outcomeOf } from '../support/accounts.ts';

const number = parsePhoneNumber('+4915112345678', 'value');
const other = parsePhoneNumber('+4915112345679', 'value');
const change = '019abcde-0000-7000-8000-0000000000c1';
const elsewhere = { id: '019abcde-0000-7000-8000-0000000000c2', since: at };
const after = (minutes: number): Date => new Date(at.getTime() + minutes * 60_000);
const self = (minutes = 0) => ({ at: after(minutes), by: 'SELF' }) as const;
const idp = (minutes = 0) => ({ at: after(minutes), by: 'IDP' }) as const;

function asking(): CustomerAccount {
  const customer = inStatus('ACTIVE');
  customer.requestContact({ id: change, channel: 'SMS', value: number, links: [], codeHash: 'right' }, self());
  customer.takeFacts();
  return customer;
}

describe('a code proves a number (decision 14)', () => {
  test('the right one, once, within ten minutes', () => {
    expect(asking().giveCode(change, 'right', self(10))).toBe('over');
    const customer = asking();

    expect(customer.giveCode(change, 'right', self(9))).toBe('right');

    expect(customer.contacts.pending).toMatchObject([{ provenAt: after(9).toISOString(), code: null }]);
    expect(outcomeOf(() => customer.giveCode(change, 'right', self(9)))).toBe('NOT_FOUND');
    expect(outcomeOf(() => customer.giveCode('another', 'right', self(9)))).toBe('NOT_FOUND');
  });

  test('after five wrong ones none counts until another one is sent; each try is in the audit', () => {
    const customer = asking();

    const tries = Array.from({ length: 5 }, () => customer.giveCode(change, 'wrong', self(1)));

    expect(tries).toEqual(['wrong', 'wrong', 'wrong', 'wrong', 'over']);
    expect(customer.giveCode(change, 'right', self(2))).toBe('over');
    expect(factsOf(customer).deeds.map(({ action }) => action)).toEqual(Array(6).fill('CONTACT_CODE_REFUSED'));
    customer.askAgain('SMS', self(3), 'newer');
    expect(customer.giveCode(change, 'right', self(4))).toBe('wrong');
    expect(customer.giveCode(change, 'newer', self(4))).toBe('right');
  });

  test('an address is not proven by a code', () => {
    const customer = inStatus('ACTIVE');
    customer.requestContact({ id: change, channel: 'EMAIL', value: 'new@example.org', links: [] }, self());

    expect(outcomeOf(() => customer.giveCode(change, 'right', self()))).toBe('NOT_FOUND');
  });
});

describe('a number as the provider has it (design §2)', () => {
  test('one that she asked for is hers by her own hand; told again it is no news', () => {
    const customer = asking();
    customer.giveCode(change, 'right', self(1));
    customer.takeFacts();

    expect(customer.takePhone(number, true, idp(1), elsewhere)).toBeUndefined();

    expect(customer).toMatchObject({ phoneVerified: true, person: { phone: { number } }, contacts: { pending: [] } });
    const facts = factsOf(customer);
    expect(changedIn(facts)).toEqual([['phone', 'phone.verified', 'phone.pending']]);
    expect(facts.events).toMatchObject([{ data: { reason: 'SELF', phoneVerified: true } }]);
    customer.takePhone(number, true, idp(2), elsewhere);
    expect(customer.takeFacts()).toBeUndefined();
  });

  test('changed or taken away there, the former one can be had back', () => {
    const customer = inStatus('ACTIVE');
    expect(customer.takePhone(number, true, idp(), elsewhere)).toBeUndefined();

    expect(customer.takePhone(other, true, idp(1), elsewhere)).toMatchObject({
      channel: 'SMS',
      from: number,
      to: other,
    });
    expect(customer.takePhone(null, false, idp(2), elsewhere)).toMatchObject({ from: other, to: null });
    customer.revertContact(elsewhere.id, self(3));

    expect(customer.contacts.lock?.restore).toEqual({ SMS: number });
  });

  test('lost to another one it is not taken again until the provider has shown something else', () => {
    const customer = inStatus('ACTIVE');
    customer.takePhone(number, true, idp(), elsewhere);
    customer.losePhone(other, self());
    expect(customer.person?.phone).toMatchObject({ number });

    customer.losePhone(number, self());
    customer.takePhone(number, true, idp(1), elsewhere);
    expect(customer).toMatchObject({ phoneVerified: false, person: { phone: null, lostPhone: number } });

    expect(customer.takePhone(null, false, idp(2), elsewhere)).toBeUndefined();
    customer.takePhone(number, true, idp(3), elsewhere);
    expect(customer).toMatchObject({ phoneVerified: true, person: { phone: { number } } });
  });

  test('whoever is gone takes nothing', () => {
    expect(outcomeOf(() => inStatus('ERASING').takePhone(number, true, idp(), elsewhere))).toBe('STATUS_CONFLICT');
  });
});

describe('a number from after the change that is reverted', () => {
  test('goes; one from before stays', () => {
    const lockOf = (phoneAt: number) => {
      const customer = inStatus('ACTIVE');
      customer.takePhone(number, true, idp(phoneAt), elsewhere);
      customer.requestContact({ id: change, channel: 'EMAIL', value: 'thief@example.org', links: [] }, self(10));
      customer.revertContact(change, self(20));
      return customer.contacts.lock?.restore;
    };

    expect([lockOf(5), lockOf(10), lockOf(15)]).toEqual([{}, { SMS: null }, { SMS: null }]);
  });
});
