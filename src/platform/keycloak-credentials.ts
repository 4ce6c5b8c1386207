import { z } from 'zod';

const representation = z.object({
  id: z.string(),
  type: z.string(),
  userLabel: z.string().nullish(),
  createdDate: z.number().nullish(),
});

/** What Keycloak calls our kinds. A type that is not here is nobody's proof: a trusted device, say. */
const kinds = {
  password: 'PASSWORD',
  otp: 'TOTP',
  'sms-otp': 'SMS',
  'webauthn-passwordless': 'PASSKEY',
  webauthn: 'PASSKEY',
  'recovery-authn-codes': 'RECOVERY_CODES',
} as const;

/** A credential as Keycloak lists it to admins: never its secret. */
export interface KeycloakCredential {
  readonly id: string;
  readonly kind: (typeof kinds)[keyof typeof kinds];
  readonly label: string | null;
  readonly createdAt: Date;
}

/** The kind of a credential's type at Keycloak; undefined for what proves nothing. */
export function kindOfType(type: string): KeycloakCredential['kind'] | undefined {
  return Object.hasOwn(kinds, type) ? kinds[type as keyof typeof kinds] : undefined;
}

/** Reads the answer of `/users/{id}/credentials`. */
export function readCredentials(text: string): KeycloakCredential[] {
  return z
    .array(representation)
    .parse(JSON.parse(text))
    .flatMap(({ id, type, userLabel, createdDate }) => {
      const kind = kindOfType(type);
      return kind ? [{ id, kind, label: userLabel || null, createdAt: new Date(createdDate ?? 0) }] : [];
    });
}
