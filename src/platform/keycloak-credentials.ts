import { z } from 'zod';
import { type AdminCalls, userPath } from './keycloak-calls.ts';

/** What Keycloak calls our kinds. A type that is not here is nobody's proof: a trusted device, say. */
const kinds = {
  password: 'PASSWORD',
  otp: 'TOTP',
  'sms-otp': 'SMS',
  'webauthn-passwordless': 'PASSKEY',
  webauthn: 'PASSKEY',
  'recovery-authn-codes': 'RECOVERY_CODES',
} as const;

/** What Keycloak calls a device that our jar trusts: the password is enough there (decision 0048). */
export const trustedDeviceType = 'customer-trusted-device';

type Kind = (typeof kinds)[keyof typeof kinds];

/** A credential as Keycloak lists it to admins: never its secret. */
export interface KeycloakCredential {
  readonly id: string;
  /** Keycloak's own word. */
  readonly type: string;
  /** Undefined for what proves nothing. */
  readonly kind: Kind | undefined;
  readonly label: string | null;
  /** When it was set up or last replaced. */
  readonly createdAt: Date;
}

/** A credential that proves who somebody is. */
export interface KeycloakProof extends KeycloakCredential {
  readonly kind: Kind;
}

/** Whether a credential proves anything. */
export const isProof = (credential: KeycloakCredential): credential is KeycloakProof => credential.kind !== undefined;

/** The kind of a credential's type at Keycloak; undefined for what proves nothing. */
export function kindOfType(type: string): Kind | undefined {
  return Object.hasOwn(kinds, type) ? kinds[type as keyof typeof kinds] : undefined;
}

const credentials = z.array(
  z
    .object({
      id: z.string(),
      type: z.string(),
      userLabel: z.string().nullish(),
      createdDate: z.number().nullish(),
    })
    .transform(({ id, type, userLabel, createdDate }): KeycloakCredential => ({
      id,
      type,
      kind: kindOfType(type),
      label: userLabel || null,
      createdAt: new Date(createdDate ?? 0),
    })),
);

const pathOf = (userId: string): string => `${userPath(userId)}/credentials`;

/** All that Keycloak keeps for a user to sign in with; null without such a user. */
export function credentialsOf(calls: AdminCalls, userId: string): Promise<KeycloakCredential[] | null> {
  return calls.read(pathOf(userId), credentials);
}

/** Takes a credential away. One that is gone already is gone. */
export async function removeCredential(calls: AdminCalls, userId: string, id: string): Promise<void> {
  await calls.expect({ method: 'DELETE', path: `${pathOf(userId)}/${encodeURIComponent(id)}` }, 204, 404);
}
