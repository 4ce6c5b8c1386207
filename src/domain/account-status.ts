/** The life of an account (contracts: access, "Statuses"). */
export const accountStatuses = [
  'GUEST',
  'PENDING_VERIFICATION',
  'ACTIVE',
  'SUSPENDED',
  'DEACTIVATED',
  'ERASING',
  'ERASED',
  'MERGED',
] as const;

/** Where an account stands in its life. */
export type AccountStatus = (typeof accountStatuses)[number];

const transitions: Readonly<Record<AccountStatus, readonly AccountStatus[]>> = {
  GUEST: ['PENDING_VERIFICATION', 'ACTIVE', 'MERGED', 'ERASED'],
  PENDING_VERIFICATION: ['ACTIVE', 'MERGED', 'ERASING'],
  ACTIVE: ['PENDING_VERIFICATION', 'SUSPENDED', 'DEACTIVATED', 'ERASING', 'MERGED'],
  SUSPENDED: ['ACTIVE', 'DEACTIVATED', 'ERASING'],
  DEACTIVATED: ['ACTIVE', 'ERASING'],
  ERASING: ['ERASED'],
  ERASED: [],
  MERGED: ['GUEST', 'PENDING_VERIFICATION', 'ACTIVE', 'SUSPENDED', 'DEACTIVATED', 'ERASED'],
};

/** Whether the account may pass from one status to the other. From MERGED only to the state before the merge: the caller knows it. */
export function canBecome(from: AccountStatus, to: AccountStatus): boolean {
  return transitions[from].includes(to);
}

/** The statuses that free their e-mail address for somebody else (design, decision 9). */
export const addressless = ['GUEST', 'ERASED', 'MERGED'] as const satisfies readonly AccountStatus[];

/** Accounts of nobody any more: they take nothing from the provider, where their users are disabled again. */
export const gone: readonly AccountStatus[] = ['ERASING', 'ERASED', 'MERGED'];
