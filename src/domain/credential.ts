/** What a customer can prove with who she is. */
export const credentialKinds = ['PASSWORD', 'TOTP', 'SMS', 'PASSKEY', 'RECOVERY_CODES', 'SOCIAL'] as const;

/** One of {@link credentialKinds}. */
export type CredentialKind = (typeof credentialKinds)[number];

/** One of the things that a customer can prove with who she is; what is secret of it stays at the provider. */
export interface Credential {
  readonly id: string;
  readonly kind: CredentialKind;
  /** What she calls it. */
  readonly label: string | null;
  readonly createdAt: Date;
}

const secondFactors: readonly CredentialKind[] = ['TOTP', 'SMS', 'PASSKEY', 'RECOVERY_CODES'];

/** Whether it is more than a password: whoever has one is asked for it (contracts: access, "Step-up"). */
export function isSecondFactor({ kind }: Pick<Credential, 'kind'>): boolean {
  return secondFactors.includes(kind);
}

/** How a fresh proof below level 2 was given, by somebody who had no second factor then. */
export const plainProofs = ['PASSWORD', 'EMAIL_CODE'] as const;

/** One of {@link plainProofs}. */
export type PlainProof = (typeof plainProofs)[number];

/** How long a proof is fresh, in seconds (contracts: access, "Step-up"). */
export const freshSeconds = 300;
