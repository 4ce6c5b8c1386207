import { z } from 'zod';
import { accountStatuses } from './account-status.ts';

/** How an account was made (contracts: events, CustomerRegistered). */
export const registrationMethods = ['PASSWORD', 'SOCIAL', 'PASSKEY', 'IMPORT', 'STAFF'] as const;
/** One of {@link registrationMethods}. */
export type RegistrationMethod = (typeof registrationMethods)[number];

/** On whose side a change began. */
export const changeReasons = ['SELF', 'STAFF', 'IDP', 'MERGE', 'IMPORT', 'SYSTEM'] as const;
/** One of {@link changeReasons}. */
export type ChangeReason = (typeof changeReasons)[number];

/** Why an account was closed. */
export const deactivationReasons = ['CUSTOMER_REQUEST', 'STAFF', 'FRAUD', 'INACTIVITY', 'MERGED', 'ERASURE'] as const;
/** One of {@link deactivationReasons}. */
export type DeactivationReason = (typeof deactivationReasons)[number];

/** What describes one published event. */
interface EventDefinition {
  /** Major version: part of the type's name on the wire. */
  readonly version: number;
  /** The contexts that are known to read it. */
  readonly consumers: readonly string[];
  readonly data: z.ZodObject;
}

const customerId = z.uuid().describe('the customer');
const instant = z.iso.datetime({ precision: 3 });
const status = z.enum(accountStatuses);

/**
 * Everything we tell other contexts. Payloads carry ids and facts, never names, addresses or secrets: a stream is not
 * erasable. A published schema only gains optional fields; anything else is a new version.
 */
export const events = {
  CustomerRegistered: {
    version: 1,
    consumers: ['Notifications', 'Marketing', 'Sales', 'Compliance'],
    data: z.strictObject({
      customerId,
      registeredAt: instant,
      method: z.enum(registrationMethods),
      provider: z.string().max(255).optional().describe('alias of the identity provider, for SOCIAL'),
      status,
      emailVerified: z.boolean(),
      locale: z.string().max(35).optional(),
      country: z.string().length(2).optional(),
    }),
  },
  CustomerUpdated: {
    version: 1,
    consumers: ['Notifications', 'Marketing', 'Sales', 'Support'],
    data: z.strictObject({
      customerId,
      version: z.int().min(1),
      changed: z.array(z.string()).min(1).describe('paths of the fields that changed'),
      reason: z.enum(changeReasons),
      status: status.optional(),
      emailVerified: z.boolean().optional(),
      phoneVerified: z.boolean().optional(),
    }),
  },
  CustomerAccountDeactivated: {
    version: 1,
    consumers: ['Notifications', 'Marketing', 'Sales', 'Support', 'Compliance'],
    data: z.strictObject({
      customerId,
      deactivatedAt: instant,
      reason: z.enum(deactivationReasons),
      reversibleUntil: instant.optional(),
      mergedInto: z.uuid().optional(),
    }),
  },
  CustomerLoggedIn: {
    version: 1,
    consumers: ['Marketing', 'Security'],
    data: z.strictObject({
      customerId,
      sessionId: z.string().describe('hash of the session'),
      at: instant,
      method: z.string().max(64),
      amr: z.array(z.string().max(64)),
      acr: z.string().max(16).optional(),
      clientId: z.string().max(255).optional(),
      newDevice: z.boolean().optional(),
      guestId: z.uuid().optional(),
    }),
  },
} as const satisfies Record<string, EventDefinition>;

/** The name of a published event. */
export type EventName = keyof typeof events;

/** What an event of this name says. */
export type EventData<N extends EventName> = z.infer<(typeof events)[N]['data']>;

/** A fact that a customer raised and that the journal will publish. */
export type DomainEvent = { readonly [N in EventName]: { readonly name: N; readonly data: EventData<N> } }[EventName];

/** The type of an event on the wire, such as `customers.CustomerRegistered.v1`. */
export function eventType(name: EventName): string {
  return `customers.${name}.v${events[name].version}`;
}

/** The schemas of all events as one JSON Schema (2020-12); `eventSchemaUri` points into it. */
export function eventsSchema(): object {
  const all = Object.entries(events).map(([name, { version, data }]) => [
    `${name}.v${version}`,
    { ...z.toJSONSchema(data), $schema: undefined },
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: schemaId,
    title: 'The data of published events',
    $defs: Object.fromEntries(all) as object,
  };
}

const schemaId = 'urn:customers:events.schema.json';

/** Where the schema of an event's data is: the attribute `dataschema`. */
export function eventSchemaUri(name: EventName): string {
  return `${schemaId}#/$defs/${name}.v${events[name].version}`;
}
