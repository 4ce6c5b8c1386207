/**
 * What a column holds: a person's data in clear (never), sealed with her key or hashed with one of ours, an id that
 * leads to her, a secret of the service, or nothing about anybody.
 */
export type DataClass = 'SEALED' | 'KEYED_HASH' | 'PERSONAL' | 'PSEUDONYM' | 'SECRET' | 'OPERATIONAL';

/** Why we may (Art. 6 (1) GDPR). NONE: it says nothing about a person. */
export type LegalBasis = 'CONTRACT' | 'LEGAL_OBLIGATION' | 'LEGITIMATE_INTEREST' | 'NONE';

/**
 * What an erasure does: the row goes; the value goes; destroying the key is enough; it stays in the tombstone or as
 * proof; it ends by itself with its retention.
 */
export type EraseRule = 'DELETE_ROW' | 'CLEAR' | 'DESTROY_KEY' | 'KEEP' | 'EXPIRE';

/** Class, purpose, legal basis, retention and erase rule of one column (design §6). */
export interface Classification {
  readonly class: DataClass;
  readonly purpose: string;
  readonly basis: LegalBasis;
  readonly retention: string;
  readonly erase: EraseRule;
}

type Column = readonly [DataClass, EraseRule];

interface TableRule {
  readonly purpose: string;
  readonly basis: LegalBasis;
  readonly retention: string;
  readonly columns: Readonly<Record<string, Column>>;
}

const all = (names: string, column: Column): Record<string, Column> =>
  Object.fromEntries(names.split(' ').map((name) => [name, column]));
const plain = (names: string, erase: EraseRule): Record<string, Column> => all(names, ['OPERATIONAL', erase]);
const pseudonym = (names: string, erase: EraseRule): Record<string, Column> => all(names, ['PSEUDONYM', erase]);

const account: TableRule = {
  purpose: 'the customer account',
  basis: 'CONTRACT',
  retention: 'until erasure; the tombstone as long as backups live, at least',
  columns: {
    ...pseudonym('id key_id', 'KEEP'),
    ...plain('contact_due_at', 'CLEAR'),
    ...plain('status version sequence audit_sequence audit_head created_at', 'KEEP'),
    sealed: ['SEALED', 'DESTROY_KEY'],
    ...all('email_hash_even email_hash_odd', ['KEYED_HASH', 'CLEAR']),
    ...all('phone_hash_even phone_hash_odd', ['KEYED_HASH', 'CLEAR']),
    ...all('email_verified phone_verified', ['PERSONAL', 'CLEAR']),
    ...all('locale country method activated_at last_activity_at', ['PERSONAL', 'CLEAR']),
    ...all('deactivated_at deactivation_reason reversible_until', ['PERSONAL', 'CLEAR']),
  },
};

const identityLink: TableRule = {
  purpose: 'which identity signs in as which customer',
  basis: 'CONTRACT',
  retention: 'until erasure',
  columns: {
    ...pseudonym('issuer subject customer_id linked_at checked_at missing_since refused', 'DELETE_ROW'),
    seen_hash: ['KEYED_HASH', 'DELETE_ROW'],
  },
};

const registrationIntent: TableRule = {
  purpose: 'what a registration form carried, until the address is proven',
  basis: 'CONTRACT',
  retention: '7 days',
  columns: {
    ...pseudonym('customer_id key_id subject', 'DELETE_ROW'),
    sealed: ['SEALED', 'DELETE_ROW'],
    email_hash: ['KEYED_HASH', 'DELETE_ROW'],
    browser_hash: ['KEYED_HASH', 'DELETE_ROW'],
    ...all('locale country', ['PERSONAL', 'DELETE_ROW']),
    ...plain('created_at expires_at', 'DELETE_ROW'),
  },
};

const sessionToken: TableRule = {
  purpose: 'a browser that is signed in',
  basis: 'CONTRACT',
  retention: 'as long as the session may last, and a day',
  columns: {
    ...pseudonym('id customer_id issuer subject sid key_id', 'DELETE_ROW'),
    ...all('sealed handle_hash', ['SECRET', 'DELETE_ROW']),
    ...plain('generation rotated_at lease_until lease_fence', 'DELETE_ROW'),
    ...all('started_at last_seen_at expires_at ended_at end_reason', ['PERSONAL', 'DELETE_ROW']),
    // Words that many people share; the browser's own text and the address are never stored.
    ...all('browser system country', ['PERSONAL', 'DELETE_ROW']),
    ...all('started_at last_seen_at expires_at ended_at end_reason proof proven_at', ['PERSONAL', 'DELETE_ROW']),
  },
};

const sessionCode: TableRule = {
  purpose: 'the code by which a session proves its owner anew',
  basis: 'CONTRACT',
  retention: 'as long as its session',
  columns: {
    session_id: ['PSEUDONYM', 'DELETE_ROW'],
    hash: ['SECRET', 'DELETE_ROW'],
    ...plain('asked_at expires_at tries', 'DELETE_ROW'),
  },
};

const revocation: TableRule = {
  purpose: 'tokens that are refused before they expire',
  basis: 'LEGITIMATE_INTEREST',
  retention: 'until the tokens expire by themselves',
  columns: {
    ...pseudonym('issuer sid subject', 'EXPIRE'),
    ...plain('id issued_before revoked_at expires_at written_by', 'EXPIRE'),
  },
};

const roleGrant: TableRule = {
  purpose: 'who was given a role of staff at the identity provider, and by whom',
  basis: 'LEGITIMATE_INTEREST',
  retention: '1 year',
  columns: {
    ...pseudonym('issuer subject actor_id', 'EXPIRE'),
    ...plain('event_id at granted_to granted_by roles', 'EXPIRE'),
  },
};

const acting: TableRule = {
  purpose: 'staff who act for a customer, and why',
  basis: 'LEGITIMATE_INTEREST',
  retention: '90 days; what was done is in the audit',
  columns: {
    ...pseudonym('id issuer subject sid customer_id', 'DELETE_ROW'),
    // Written by staff, who are told not to name anybody.
    ...plain('reason may_write started_at ends_at ended_at end_reason', 'DELETE_ROW'),
  },
};

const knownDevice: TableRule = {
  purpose: 'devices a customer has signed in with, so that she is told of a new one',
  basis: 'LEGITIMATE_INTEREST',
  retention: 'a year after it was last used',
  columns: {
    customer_id: ['PSEUDONYM', 'DELETE_ROW'],
    ...all('browser system country first_seen_at last_seen_at forgotten_at', ['PERSONAL', 'DELETE_ROW']),
  },
};

const mailLink: TableRule = {
  purpose: 'a link in a mail of ours',
  basis: 'CONTRACT',
  retention: '30 days after it is over',
  columns: {
    token_hash: ['SECRET', 'DELETE_ROW'],
    ...pseudonym('customer_id reference', 'DELETE_ROW'),
    ...plain('purpose created_at expires_at used_at', 'DELETE_ROW'),
  },
};

const auditEntry: TableRule = {
  purpose: 'who did what to an account, when and why',
  basis: 'LEGAL_OBLIGATION',
  retention: 'kept; after erasure it says nothing of the person',
  columns: {
    ...pseudonym('id customer_id actor_id request_id acting_id key_id', 'KEEP'),
    ...plain('sequence at actor_type action changed previous_hash hash', 'KEEP'),
    // Written by staff, who are told not to name anybody.
    reason: ['OPERATIONAL', 'KEEP'],
    sealed: ['SEALED', 'DESTROY_KEY'],
  },
};

const outbox: TableRule = {
  purpose: 'facts for other contexts, for replay and live cursors',
  basis: 'CONTRACT',
  retention: '90 days',
  columns: {
    ...pseudonym('customer_id event', 'EXPIRE'),
    ...plain('id position sequence type created_at published_at lane', 'EXPIRE'),
  },
};

const inbox: TableRule = {
  purpose: 'facts of other contexts and of the identity provider',
  basis: 'CONTRACT',
  retention: '30 days after they are done',
  columns: {
    ...pseudonym('subject payload', 'DELETE_ROW'),
    ...plain('source message_id type received_at attempts next_attempt_at', 'DELETE_ROW'),
    ...plain('first_failed_at last_failed_at done_at told_at', 'DELETE_ROW'),
  },
};

const deadLetter: TableRule = {
  purpose: 'facts that could not be taken in, until somebody looks',
  basis: 'LEGITIMATE_INTEREST',
  retention: '90 days after they are settled',
  columns: {
    payload: ['PSEUDONYM', 'DELETE_ROW'],
    ...plain(
      'id stream message_id type reason attempts first_failed_at last_failed_at settled_at outcome',
      'DELETE_ROW',
    ),
  },
};

const idempotency: TableRule = {
  purpose: 'the answer to a request that may come twice',
  basis: 'CONTRACT',
  retention: '24 hours',
  columns: {
    scope: ['KEYED_HASH', 'EXPIRE'],
    fingerprint: ['KEYED_HASH', 'EXPIRE'],
    sealed: ['SEALED', 'EXPIRE'],
    ...plain('key created_at expires_at', 'EXPIRE'),
  },
};

const drift: TableRule = {
  purpose: 'how often the identity provider and we differed',
  basis: 'LEGITIMATE_INTEREST',
  retention: '90 days',
  columns: { ...pseudonym('issuer subject', 'DELETE_ROW'), ...plain('id at line kind', 'DELETE_ROW') },
};

const textMessages = (columns: string, retention: string): TableRule => ({
  purpose: 'how many text messages went out, and what they cost',
  basis: 'NONE',
  retention,
  columns: plain(columns, 'EXPIRE'),
});

const customerKey: TableRule = {
  purpose: 'the key that opens what is sealed of a customer',
  basis: 'CONTRACT',
  retention: 'until erasure; its backups as long as the operator set',
  columns: {
    id: ['PSEUDONYM', 'KEEP'],
    wrapped: ['SECRET', 'CLEAR'],
    ...plain('kek created_at destroyed_at', 'KEEP'),
  },
};

const machinery = (purpose: string, columns: string): TableRule => ({
  purpose,
  basis: 'NONE',
  retention: 'kept',
  columns: plain(columns, 'KEEP'),
});

/** Every table of both databases and every column of it. A column that is missing here fails the build. */
export const tables: Readonly<Record<string, TableRule>> = {
  customer: account,
  identity_link: identityLink,
  registration_intent: registrationIntent,
  session_token: sessionToken,
  session_code: sessionCode,
  revocation,
  acting,
  role_grant: roleGrant,
  mail_link: mailLink,
  known_device: knownDevice,
  audit_entry: auditEntry,
  outbox,
  inbox,
  subject_lease: {
    purpose: 'one reader of a user at a time',
    basis: 'CONTRACT',
    retention: 'minutes',
    columns: { ...pseudonym('issuer subject', 'DELETE_ROW'), ...plain('holder leased_until', 'DELETE_ROW') },
  },
  dead_letter: deadLetter,
  idempotency,
  drift,
  text_message_day: textMessages('day cents', '90 days'),
  text_message_count: textMessages('scope minute sent verified', '2 days'),
  job_cursor: machinery('where a long job stands', 'name position moved_at'),
  customer_key: customerKey,
  migration: machinery('which migrations ran', 'name checksum applied_at'),
};

/** How a column is classified; undefined for one that nobody classified. */
export function classificationOf(table: string, column: string): Classification | undefined {
  const rule = tables[table];
  const found = rule?.columns[column];
  if (!rule || !found) return undefined;
  const [dataClass, erase] = found;
  const { purpose, retention } = rule;
  const basis = dataClass === 'OPERATIONAL' && rule.basis !== 'LEGAL_OBLIGATION' ? 'NONE' : rule.basis;
  return { class: dataClass, purpose, basis, retention, erase };
}
