import type { AccountStatus } from './account-status.ts';

/** Every permission there is: a client role of `customer-api` of the same name (contracts: access). */
export const permissions = [
  'customer:self',
  'customer:read',
  'customer:write',
  'customer:pii',
  'customer:act-for',
  'customer:merge',
  'customer:import',
  'consent:write',
  'segment:manage',
  'insights:read',
  'loyalty:adjust',
  'loyalty:redeem',
  'privacy:manage',
  'audit:read',
  'auth:login',
  'auth:validate',
  'notification:read',
  'integration:manage',
  'operations:manage',
] as const;

/** One right, checked in a service and declared in the graph's directives. */
export type Permission = (typeof permissions)[number];

/** Whom an identity provider knows somebody as. Never an e-mail: addresses change hands. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
}

/**
 * Who asks. `permissions` holds what counts now: a person without a second factor has no staff permission in it
 * (spec §7, RBAC), a service account never has `customer:self`.
 */
export interface Actor {
  readonly kind: 'nobody' | 'person' | 'service' | 'system';
  /** Pseudonymous: the subject of the token, the client's id, or the job's name. */
  readonly id: string;
  readonly permissions: ReadonlySet<Permission>;
  readonly identity?: Identity;
  /** The provider's session (`sid`), by which tokens are revoked. */
  readonly sessionId?: string;
  /** When she last proved who she is, seconds since 1970 (`auth_time`). */
  readonly authTime?: number;
  /** `2` means a second factor or a user-verified passkey, nothing else. */
  readonly acr?: string;
  readonly clientId?: string;
  /** When the token was issued, seconds since 1970. */
  readonly issuedAt?: number;
  /** When the token ends, seconds since 1970. */
  readonly expiresAt?: number;
}

/** Nobody in particular: a request without credentials. */
export const nobody: Actor = { kind: 'nobody', id: 'nobody', permissions: new Set() };

/** One of our own jobs or listeners. */
export function system(job: string): Actor {
  return { kind: 'system', id: job, permissions: new Set(permissions) };
}

/** Whether the actor holds a permission now. */
export function may(actor: Actor, permission: Permission): boolean {
  return actor.permissions.has(permission);
}

/** How much of a record somebody sees: herself all, staff with or without personal fields, strangers the public part. */
export type View = 'self' | 'personal' | 'record' | 'public';

/**
 * How much of one record the actor sees.
 *
 * @param own  whether the record belongs to the actor's identity
 */
export function viewOf(actor: Actor, own: boolean, status: AccountStatus): View {
  if (own && may(actor, 'customer:self') && statusRules[status].ownReads) return 'self';
  if (may(actor, 'customer:read')) return may(actor, 'customer:pii') ? 'personal' : 'record';
  return 'public';
}

/** Everything a door shows of a customer, and who sees it. A field without a row here cannot be resolved. */
export const fieldViews = {
  id: ['self', 'personal', 'record', 'public'],
  displayName: ['self', 'personal', 'record', 'public'],
  version: ['self', 'personal', 'record'],
  status: ['self', 'personal', 'record'],
  givenName: ['self', 'personal'],
  familyName: ['self', 'personal'],
  email: ['self', 'personal'],
  phone: ['self', 'personal'],
  emailLookup: ['self', 'personal'],
  identity: ['self', 'personal'],
  birthDate: ['self', 'personal'],
  locale: ['self', 'personal', 'record'],
  country: ['self', 'personal', 'record'],
  createdAt: ['self', 'personal', 'record'],
  lastActivityAt: ['self', 'personal', 'record'],
  checkoutEligibility: ['self', 'personal', 'record'],
} as const satisfies Record<string, readonly View[]>;

/** A field of the record that has an access rule. */
export type CustomerField = keyof typeof fieldViews;

/** Whether somebody with this view sees the field. */
export function shows(view: View, field: CustomerField): boolean {
  return (fieldViews[field] as readonly View[]).includes(view);
}

/** What a status lets the customer herself do (contracts: access, "Statuses"). */
export interface StatusRule {
  readonly signIn: boolean;
  readonly ownReads: boolean;
  readonly ownWrites: boolean;
}

const closed: StatusRule = { signIn: false, ownReads: false, ownWrites: false };
const open: StatusRule = { signIn: true, ownReads: true, ownWrites: true };

/** One row a status. A guest acts through her own routes, not with a token. */
export const statusRules: Readonly<Record<AccountStatus, StatusRule>> = {
  GUEST: closed,
  PENDING_VERIFICATION: open,
  ACTIVE: open,
  SUSPENDED: closed,
  DEACTIVATED: closed,
  ERASING: closed,
  ERASED: closed,
  MERGED: closed,
};
