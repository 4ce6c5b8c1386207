import type { KeyedHash } from '../../platform/keyed-hash.ts';
import type { KeycloakUser } from '../../platform/keycloak.ts';

/** What of a user we keep a projection of, in one text: equal texts, nothing to converge. */
const textOf = (user: KeycloakUser): string =>
  JSON.stringify([
    user.email ?? '',
    user.emailVerified,
    user.enabled,
    user.givenName ?? '',
    user.familyName ?? '',
    user.locale ?? '',
    user.customerId ?? '',
    user.phone ?? '',
    user.phoneVerified ?? false,
  ]);

/** A keyed hash of what we took of a user, so that a sweep sees whether she changed without opening a sealed row. */
export const fingerprintOf = (hash: KeyedHash, user: KeycloakUser): Buffer => hash.current(textOf(user));

/** Whether the user is as she was when the fingerprint was taken, under any key in use. */
export function isAsBefore(hash: KeyedHash, user: KeycloakUser, before: Buffer | null): boolean {
  return before !== null && hash.lookups(textOf(user)).some((one) => one.equals(before));
}
