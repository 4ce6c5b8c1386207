import type { AccountStatus } from '../../src/domain/account-status.ts';
import { CustomerAccount } from '../../src/domain/customer-account.ts';
import type { Change, CustomerFacts } from '../../src/domain/customer-facts.ts';
import { DomainError } from '../../src/domain/errors.ts';
import { events } from '../../src/domain/events.ts';
import type { Registration } from '../../src/domain/registration.ts';
import { parseEmail } from '../../src/domain/values/email.ts';

/** Noon, when she registered. */
export const at = new Date('2026-11-24T12:00:00.000Z');
/** An hour after. */
export const later = new Date('2026-11-24T13:00:00.000Z');
/** A change of her own. */
export const self: Change = { at, by: 'SELF' };
/** A change by staff. */
export const staff: Change = { at: later, by: 'STAFF' };
/** A change that the identity provider told of. */
export const provider: Change = { at: later, by: 'IDP' };
/** Her id. */
export const id = '019abcde-0000-7000-8000-000000000001';

/** Registers Ada, with a proven address unless said otherwise. */
export function register(more: Partial<Registration> = {}): CustomerAccount {
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
export function inStatus(status: AccountStatus, emailVerified = true): CustomerAccount {
  const customer = register({ profile: { givenName: 'Ada', locale: 'en' } });
  customer.takeFacts();
  return Object.assign(customer, { status, emailVerified });
}

/** What happened to her, each event as its schema wants it. */
export function factsOf(customer: CustomerAccount): CustomerFacts {
  const facts = customer.takeFacts();
  if (!facts) throw new Error('Nothing happened.');
  for (const { name, data } of facts.events) events[name].data.parse(data);
  return facts;
}

/** The paths that each CustomerUpdated tells. */
export const changedIn = ({ events: raised }: CustomerFacts): unknown =>
  raised.flatMap((event) => (event.name === 'CustomerUpdated' ? [event.data.changed] : []));

/** What work returns, or the code of the error that it throws. */
export function outcomeOf<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}
