import type { ContactChannel } from '../../domain/contacts.ts';
import { invalid, LastContact } from '../../domain/errors.ts';
import { emailLookupOf, parseEmail } from '../../domain/values/email.ts';
import { parsePhoneNumber, type PhoneNumber, phoneDetails } from '../../domain/values/phone-number.ts';

/** What a customer asks for, on whatever door. */
export interface ContactInput {
  readonly channel: string;
  readonly value: string;
  readonly idempotencyKey: string;
}

/** The same, checked. */
export interface WantedContact {
  readonly channel: ContactChannel;
  /** Empty for a number that is to go. */
  readonly value: string;
  /** As it is compared. */
  readonly lookup: string;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws ValidationFailed for a channel that is no contact */
export function parseChannel(channel: string): ContactChannel {
  if (channel === 'EMAIL' || channel === 'SMS') return channel;
  throw invalid('channel', 'unsupported', 'Nothing of this channel can be proven.');
}

/** A number that belongs to a country: what a text message can reach, and what can be shown with its region. */
function parsePhone(value: string): PhoneNumber {
  const number = parsePhoneNumber(value, 'value');
  if (phoneDetails(number).region === null) throw invalid('value', 'country', 'This number belongs to no country.');
  return number;
}

/** @throws ValidationFailed, LastContact */
export function parseContact({ channel, value, idempotencyKey }: ContactInput): WantedContact {
  if (!uuid.test(idempotencyKey)) throw invalid('idempotencyKey', 'uuid', 'This is not a UUID.');
  const wanted = parseChannel(channel);
  // Nothing in its place would take it away; an account without a proven address is none.
  if (wanted === 'EMAIL' && !value.trim()) throw new LastContact();
  if (wanted === 'SMS') {
    if (!value.trim()) return { channel: wanted, value: '', lookup: '' };
    const number = parsePhone(value);
    return { channel: wanted, value: number, lookup: number };
  }
  const email = parseEmail(value, 'value');
  return { channel: wanted, value: email, lookup: emailLookupOf(email) };
}
