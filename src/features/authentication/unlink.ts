import type { Ctx } from '../../context.ts';
import { NotFound } from '../../domain/errors.ts';
import { subjectsOf } from '../../read-model/subjects.ts';

/** What one can sign in with alone. */
const sufficient = new Set(['PASSWORD', 'PASSKEY']);

/**
 * Takes an account at a provider away from what a customer signs in with. Keycloak has no action for that, so her page
 * asks us; she has just proven who she is.
 *
 * @param provider  its alias at Keycloak
 * @returns `last` when she could not sign in any more; nothing is changed then
 * @throws NotFound     without such a link
 * @throws Unavailable  while Keycloak does not answer
 */
export async function unlink(
  ctx: Pick<Ctx, 'pool' | 'config' | 'keycloak'>,
  customerId: string,
  provider: string,
): Promise<'done' | 'last'> {
  const { contacts } = ctx.keycloak;
  for (const subject of await subjectsOf(ctx, customerId)) {
    const means = await contacts.meansOf(subject);
    const others = means?.links.filter((link) => link.provider !== provider) ?? [];
    if (!means || others.length === means.links.length) continue;
    const remains =
      others.length > 0 || means.credentials.some(({ kind }) => kind !== undefined && sufficient.has(kind));
    if (!remains) return 'last';
    await contacts.removeLink(subject, provider);
    return 'done';
  }
  throw new NotFound();
}
