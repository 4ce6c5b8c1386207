import type { Ctx } from '../../context.ts';
import { Unavailable } from '../../domain/errors.ts';
import { type KeycloakCredential, trustedDeviceType } from '../../platform/keycloak-credentials.ts';
import type { KeycloakLink } from '../../platform/keycloak-contacts.ts';
import { subjectsOf } from '../../read-model/subjects.ts';

/** What a customer signs in with, as her page sorts it. */
export interface OwnMeans {
  readonly password: KeycloakCredential | undefined;
  /** All that proves more than a password, and whatever we have no word for. */
  readonly factors: readonly KeycloakCredential[];
  /** Where the password is enough: they prove nothing by themselves. */
  readonly devices: readonly KeycloakCredential[];
  readonly links: readonly KeycloakLink[];
}

/** All that she signs in with, the newest last; undefined while Keycloak does not answer. */
export async function meansOf(
  ctx: Pick<Ctx, 'pool' | 'config' | 'keycloak'>,
  customerId: string,
): Promise<OwnMeans | undefined> {
  try {
    const subjects = await subjectsOf(ctx, customerId);
    const means = await Promise.all(subjects.map((subject) => ctx.keycloak.contacts.meansOf(subject)));
    const all = means.flatMap((one) => one?.credentials ?? []).toSorted((a, b) => +a.createdAt - +b.createdAt);
    const isDevice = ({ type }: KeycloakCredential): boolean => type === trustedDeviceType;
    return {
      password: all.find(({ kind }) => kind === 'PASSWORD'),
      factors: all.filter((one) => one.kind !== 'PASSWORD' && !isDevice(one)),
      devices: all.filter(isDevice),
      links: means.flatMap((one) => one?.links ?? []),
    };
  } catch (error) {
    if (error instanceof Unavailable) return undefined;
    throw error;
  }
}
