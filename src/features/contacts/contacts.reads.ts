import type { Ctx } from '../../context.ts';
import { type PhoneNumber, phoneDetails } from '../../domain/values/phone-number.ts';
import type { PendingShown } from '../../read-model/customers.ts';

/** A number as its owner reads it. */
export interface OwnPhone {
  readonly international: string;
  readonly verified: boolean;
}

/** What a customer is reached by, and what waits. */
export interface OwnContacts {
  readonly locale: string | null;
  readonly email: { readonly address: string; readonly verified: boolean } | null;
  readonly pendingEmail: PendingShown | null;
  readonly phone: OwnPhone | null;
  readonly pendingPhone: { readonly international: string; readonly expiresAt: Date } | null;
}

const spelt = (number: string): string => phoneDetails(number as PhoneNumber).international;

/** The contacts of whoever asks; undefined unless it is her own account, and open. */
export async function contactOf({ customers }: Pick<Ctx, 'customers'>): Promise<OwnContacts | undefined> {
  const own = await customers.own();
  if (own?.view !== 'self') return undefined;
  const person = await customers.person(own);
  if (!person) return undefined;
  const { email, pendingEmail, phone, pendingPhone: waiting } = person;
  // A number that only waits is shown as hers to be in the graph, which has no other place for it.
  const primary = phone && (phone.verified || phone.number !== waiting?.value) ? phone : null;
  return {
    locale: own.locale,
    email: email === null ? null : { address: email, verified: own.emailVerified },
    pendingEmail,
    phone: primary && { international: spelt(primary.number), verified: primary.verified },
    pendingPhone: waiting && { international: spelt(waiting.value), expiresAt: waiting.expiresAt },
  };
}
