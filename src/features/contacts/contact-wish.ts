import type { ContactChannel } from '../../domain/contacts.ts';
import { invalid } from '../../domain/errors.ts';
import { emailLookupOf, parseEmail } from '../../domain/values/email.ts';

/** What a customer asks for, on whatever door. */
export interface ContactInput {
  readonly channel: string;
  readonly value: string;
  readonly idempotencyKey: string;
}

/** The same, checked. */
export interface WantedContact {
  readonly channel: ContactChannel;
  readonly value: string;
  /** As it is compared. */
  readonly lookup: string;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws ValidationFailed for a channel that is no contact */
export function parseChannel(channel: string): ContactChannel {
  if (channel === 'EMAIL') return channel;
  throw invalid('channel', 'unsupported', 'Nothing of this channel can be proven.');
}

/** @throws ValidationFailed */
export function parseContact({ channel, value, idempotencyKey }: ContactInput): WantedContact {
  if (!uuid.test(idempotencyKey)) throw invalid('idempotencyKey', 'uuid', 'This is not a UUID.');
  const email = parseEmail(value, 'value');
  return { channel: parseChannel(channel), value: email, lookup: emailLookupOf(email) };
}
