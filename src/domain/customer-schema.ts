import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { accountStatuses } from './account-status.ts';
import { deactivationReasons, registrationMethods } from './events.ts';
import type { Person } from './person.ts';
import type { TwoSidedField } from './two-sided-field.ts';

/** The row of a customer. `person` is what `sealed` holds, in clear; null when its key was destroyed. */
export const customerSchema = defineEntity({
  name: 'CustomerAccount',
  tableName: 'customer',
  properties: {
    id: p.uuid().primary(),
    status: p.enum(accountStatuses).columnType('text'),
    version: p.integer(),
    sequence: p.integer(),
    auditSequence: p.integer(),
    auditHead: p.blob(),
    keyId: p.uuid(),
    sealed: p.blob(),
    person: p.json<Person | null>().persist(false).strictNullable(),
    emailHashEven: p.blob().strictNullable(),
    emailHashOdd: p.blob().strictNullable(),
    emailVerified: p.boolean(),
    phoneHashEven: p.blob().strictNullable(),
    phoneHashOdd: p.blob().strictNullable(),
    phoneVerified: p.boolean(),
    locale: p.string().length(35).strictNullable(),
    country: p.string().columnType('char(2)').strictNullable(),
    method: p.enum(registrationMethods).columnType('text').strictNullable(),
    createdAt: p.datetime(3),
    activatedAt: p.datetime(3).strictNullable(),
    lastActivityAt: p.datetime(3),
    deactivatedAt: p.datetime(3).strictNullable(),
    deactivationReason: p.enum(deactivationReasons).columnType('text').strictNullable(),
    reversibleUntil: p.datetime(3).strictNullable(),
    contactDueAt: p.datetime(3).strictNullable(),
  },
});

/** The row, before methods guard it. */
export type CustomerRow = InferEntity<typeof customerSchema>;

/** A sign-in, as the provider tells it. */
export interface SignIn {
  readonly at: Date;
  /** Hash of the provider's session. */
  readonly sessionId: string;
  readonly method: string;
  readonly amr: readonly string[];
  readonly acr?: string | undefined;
  readonly clientId?: string | undefined;
  /** Whether she never signed in with such a device before, unless it was her first time at all. */
  readonly newDevice?: boolean | undefined;
}

/** What a look at the provider changed here, and what is to be written there. */
export interface ProviderVerdict {
  readonly changed: readonly TwoSidedField[];
  readonly deliver: readonly TwoSidedField[];
}

/** What the journal gives back to the row it wrote entries and events for. */
export interface Journaled {
  readonly version: number;
  readonly sequence: number;
  readonly auditSequence: number;
  readonly auditHead: Uint8Array;
}
