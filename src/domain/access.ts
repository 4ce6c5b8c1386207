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

/** Staff who act for a customer, under their own token and within what {@link whileActing} lists (design, decision 30). */
export interface Acting {
  readonly id: string;
  readonly customerId: string;
  /** Why; stands in every entry of the audit. */
  readonly reason: string;
  /** Whether something may be changed. */
  readonly write: boolean;
  /** Whose token it is. */
  readonly by: Identity;
  readonly until: Date;
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
  /** Absent while acting: what forgets to ask for whom finds nobody, rather than the record of whoever acts. */
  readonly identity?: Identity;
  readonly acting?: Acting;
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

/** Whose token somebody acts under, for whomever: by this it is revoked and counted. */
export function holderOfToken({ identity, acting }: Actor): Identity | undefined {
  return acting?.by ?? identity;
}

/**
 * How much of a record somebody sees: herself all, staff acting for her what is listed, other staff with or without
 * personal fields, strangers the public part.
 */
export type View = 'self' | 'acting' | 'personal' | 'record' | 'public';

/** Whether it is the record of the one who asks, or of the one who is acted for. */
export function isOwn(view: View): boolean {
  return view === 'self' || view === 'acting';
}

/**
 * How much of one record the actor sees.
 *
 * @param own  whether the record belongs to the actor's identity, or to the customer who is acted for
 */
export function viewOf(actor: Actor, own: boolean, status: AccountStatus): View {
  if (actor.acting) return own && statusRules[status].ownReads ? 'acting' : 'public';
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
  sessions: ['self', 'personal', 'record'],
  credentials: ['self', 'personal', 'record'],
} as const satisfies Record<string, readonly View[]>;

/** A field of the record that has an access rule. */
export type CustomerField = keyof typeof fieldViews;

/**
 * Everything that may be done while acting for a customer, and nothing else: no contact, credential, consent, privacy
 * request or session. What is new is refused until it stands here.
 */
export const whileActing = {
  /** Root fields of the graph. Mutations only where writing was granted. */
  Query: ['me', '_entities', '_service'],
  Mutation: ['updateProfile'],
  Subscription: ['customerChanged'],
  /** What is shown of the customer. */
  Customer: [
    'id',
    'version',
    'status',
    'displayName',
    'givenName',
    'familyName',
    'email',
    'birthDate',
    'locale',
    'country',
    'createdAt',
    'lastActivityAt',
    'checkoutEligibility',
  ],
  routes: ['GET /profile', 'GET /auth/acting', 'DELETE /auth/acting'],
} as const satisfies { readonly Customer: readonly CustomerField[] } & Record<string, readonly string[]>;

/** Whether a root field may be asked for by this actor; always unless she acts for somebody. */
export function mayAsk({ acting }: Actor, type: 'Query' | 'Mutation' | 'Subscription', field: string): boolean {
  if (!acting) return true;
  return (whileActing[type] as readonly string[]).includes(field) && (type !== 'Mutation' || acting.write);
}

/** Whether somebody with this view sees the field. */
export function shows(view: View, field: CustomerField): boolean {
  if (view === 'acting') return (whileActing.Customer as readonly CustomerField[]).includes(field);
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
