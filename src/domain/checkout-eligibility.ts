import type { AccountStatus } from './account-status.ts';

/** Why somebody may not check out. */
export const checkoutBlocks = [
  'EMAIL_UNVERIFIED',
  'PHONE_UNVERIFIED',
  'TERMS_OUTDATED',
  'SUSPENDED',
  'ERASURE_PENDING',
] as const;

/** One reason against a checkout. */
export type CheckoutBlock = (typeof checkoutBlocks)[number];

const blockOf: Partial<Record<AccountStatus, CheckoutBlock>> = {
  GUEST: 'EMAIL_UNVERIFIED',
  PENDING_VERIFICATION: 'EMAIL_UNVERIFIED',
  SUSPENDED: 'SUSPENDED',
  DEACTIVATED: 'SUSPENDED',
  MERGED: 'SUSPENDED',
  ERASING: 'ERASURE_PENDING',
  ERASED: 'ERASURE_PENDING',
};

/** Whether a customer may check out: only an active account with a verified address may (spec §3.6; design, decision 10). */
export function checkoutEligibility(customer: { readonly status: AccountStatus; readonly emailVerified: boolean }): {
  readonly allowed: boolean;
  readonly reasons: readonly CheckoutBlock[];
} {
  const reasons = new Set<CheckoutBlock>();
  if (!customer.emailVerified) reasons.add('EMAIL_UNVERIFIED');
  const block = blockOf[customer.status];
  if (block) reasons.add(block);
  return { allowed: reasons.size === 0, reasons: [...reasons] };
}
