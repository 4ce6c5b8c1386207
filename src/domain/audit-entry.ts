import { createHash } from 'node:crypto';
import type { ChangeReason } from './events.ts';

/** What can be done to a customer, in the words of the audit. */
export const auditActions = [
  'REGISTERED',
  'PROFILE_CHANGED',
  'EMAIL_CHANGED',
  'EMAIL_PROVEN',
  'EMAIL_UNPROVEN',
  'CONTACT_REQUESTED',
  'CONTACT_PROVEN',
  'CONTACT_CODE_REFUSED',
  'CONTACT_VOIDED',
  'CONTACT_REVERTED',
  'CONTACT_LOCKED',
  'CONTACT_UNLOCKED',
  'PHONE_CHANGED',
  'PHONE_LOST',
  'EVICTED',
  'SUSPENDED',
  'REACTIVATED',
  'DEACTIVATED',
  'SIGNED_IN',
  'PROVIDER_READ',
  'PROVIDER_TOLD',
  'STAFF_ACCESS',
  'ACTING_BEGAN',
  'ACTING_ENDED',
  'SESSIONS_ENDED',
  'SESSION_STOLEN',
  'TAKEOVER_REPORTED',
] as const;
/** One of {@link auditActions}. */
export type AuditAction = (typeof auditActions)[number];

/** Those that are about sessions, and change nothing of the record. */
export type SessionAction = Extract<AuditAction, 'SESSIONS_ENDED' | 'SESSION_STOLEN' | 'TAKEOVER_REPORTED'>;

/** Whose hand it was. */
export type ActorType = 'customer' | 'staff' | 'service' | 'system';

/** One value before and after. Sealed, since it may be personal. */
export interface FieldChange {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
  /** The value of the other side that was overruled (design, decision 27). */
  readonly lost?: unknown;
}

/** Something that was done, before the journal gives it its place in the chain. */
export interface Deed {
  readonly action: AuditAction;
  readonly by: ChangeReason;
  readonly changes: readonly FieldChange[];
}

/** One link of a customer's chain: all of it but its own hash. */
export interface AuditRecord {
  readonly id: string;
  readonly customerId: string;
  readonly sequence: number;
  readonly at: Date;
  readonly actorType: ActorType;
  readonly actorId: string;
  readonly action: string;
  readonly changed: readonly string[];
  readonly reason: string | null;
  readonly requestId: string;
  /** Under which acting for the customer it was done (design, decision 30). */
  readonly actingId: string | null;
  readonly keyId: string;
  /** The values, sealed: the chain verifies, and says nothing, after the key was destroyed. */
  readonly sealed: Uint8Array;
}

/** What the first record of a chain follows. */
export const chainStart: Buffer = Buffer.alloc(32);

/** The hash of a record that follows `previous`: SHA-256 over both, every part preceded by its length. */
export function chained(previous: Uint8Array, record: AuditRecord): Buffer {
  const hash = createHash('sha256').update(previous);
  const add = (part: string | Uint8Array): void => {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  const { sequence, at, changed, reason } = record;
  [record.id, record.customerId, String(sequence), at.toISOString(), record.actorType, record.actorId].forEach(add);
  [record.action, String(changed.length), ...changed].forEach(add);
  // No reason and an empty one are different records.
  [reason === null ? '0' : `1${reason}`, record.requestId, record.keyId, record.sealed].forEach(add);
  // At the end, and only where it is: records from before it was known have the hash they had.
  if (record.actingId) add(record.actingId);
  return hash.digest();
}

/** A record as it is stored. */
export interface StoredAuditRecord extends AuditRecord {
  readonly previousHash: Uint8Array;
  readonly hash: Uint8Array;
}

/** Where a chain stands: the number and hash of its last good record. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/** The head of a chain without records. */
export const emptyChain: ChainHead = { sequence: 0, hash: chainStart };

/** The head after the record; undefined when the record does not follow the head, or is not what was written. */
export function nextHead(head: ChainHead, record: StoredAuditRecord): ChainHead | undefined {
  const sound =
    record.sequence === head.sequence + 1 &&
    Buffer.compare(record.previousHash, head.hash) === 0 &&
    Buffer.compare(record.hash, chained(head.hash, record)) === 0;
  return sound ? { sequence: record.sequence, hash: record.hash } : undefined;
}
