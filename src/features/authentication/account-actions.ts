/** What a customer has Keycloak do with her account, and what Keycloak calls it; the keys are ours (contracts: rest). */
const providerNames = {
  password: 'UPDATE_PASSWORD',
  totp: 'CONFIGURE_TOTP',
  sms: 'configure-sms-otp',
  passkey: 'webauthn-register-passwordless',
  'recovery-codes': 'CONFIGURE_RECOVERY_AUTHN_CODES',
} as const;

/** An action of the account: `/auth/action/{name}`. */
export type AccountAction = keyof typeof providerNames | 'remove' | 'link';

/** How an action ended. */
export const outcomes = ['success', 'cancelled', 'error'] as const;

/** One of {@link outcomes}. */
export type Outcome = (typeof outcomes)[number];

/** Whether there is such an action. */
export function isAccountAction(name: string): name is AccountAction {
  return name === 'remove' || name === 'link' || Object.hasOwn(providerNames, name);
}

/**
 * What Keycloak is asked for; undefined for a removal that does not say of what, or a link that does not say with whom.
 *
 * @param credential  the id of what is to be removed, or the alias of the provider to link with
 */
export function providerAction(name: AccountAction, credential?: string): string | undefined {
  if (name !== 'remove' && name !== 'link') return providerNames[name];
  // Keycloak has no action that unlinks.
  if (name === 'remove' && credential?.startsWith('social-')) return undefined;
  const wish = name === 'link' ? 'idp_link' : 'delete_credential';
  return credential && /^[\w-]{1,64}$/.test(credential) ? `${wish}:${credential}` : undefined;
}

/** Whether somebody who had no second factor may have one now: then her password alone proves nothing more. */
export function adds(name: AccountAction): boolean {
  return name !== 'password' && name !== 'remove' && name !== 'link';
}

/** Reads Keycloak's `kc_action_status`. */
export function outcomeOf(status: string | undefined): Outcome {
  return outcomes.find((outcome) => outcome === status) ?? 'error';
}

/** Where she reads how it ended: her page, which learns it from the query, or one that says only this. */
export function outcomePath(returnTo: string, action: AccountAction, outcome: Outcome): string {
  const url = new URL(returnTo, 'http://localhost');
  url.searchParams.set('action', action);
  url.searchParams.set('status', outcome);
  return `${url.pathname}${url.search}${url.hash}`;
}
