import { type DomainEvent, eventSchemaUri, eventType } from '../domain/events.ts';
import type { ActorType } from '../domain/audit-entry.ts';

/** A fact on its way out, as consumers get it: CloudEvents 1.0 (contracts: events). */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: string;
  readonly partitionkey: string;
  readonly sequence: string;
  readonly correlationid: string;
  readonly causationid?: string;
  readonly actortype: ActorType;
  readonly actorid: string;
  readonly data: DomainEvent['data'];
}

/** What the journal knows of an event besides its data. */
export interface EventOrigin {
  readonly id: string;
  readonly source: string;
  readonly customerId: string;
  /** Her how many-th fact it is. */
  readonly sequence: number;
  readonly at: Date;
  readonly requestId: string;
  readonly causationId?: string | undefined;
  readonly actorType: ActorType;
  readonly actorId: string;
}

/** The event as it is published. */
export function cloudEvent({ name, data }: DomainEvent, origin: EventOrigin): CloudEvent {
  return {
    specversion: '1.0',
    id: origin.id,
    source: origin.source,
    type: eventType(name),
    subject: origin.customerId,
    time: origin.at.toISOString(),
    datacontenttype: 'application/json',
    dataschema: eventSchemaUri(name),
    partitionkey: origin.customerId,
    sequence: String(origin.sequence).padStart(20, '0'),
    correlationid: origin.requestId,
    ...(origin.causationId === undefined ? {} : { causationid: origin.causationId }),
    actortype: origin.actorType,
    actorid: origin.actorId,
    data,
  };
}
