import type { EntityManager } from '@mikro-orm/postgresql';
import type { Ctx } from '../../context.ts';
import type { KeycloakUser } from '../../platform/keycloak.ts';
import { endSessions } from '../../platform/end-sessions.ts';

type LinksCtx = Pick<Ctx, 'clock' | 'config' | 'keycloak' | 'pool'>;

/**
 * Whom the second issuer knows a user as: whoever Keycloak has linked by the broker of the same provider. Undefined where
 * there is no second issuer, or nobody has proven the address yet.
 */
export async function fallbackSubjects(
  { config: { fallback }, keycloak }: LinksCtx,
  user: KeycloakUser,
): Promise<string[] | undefined> {
  if (!fallback) return undefined;
  if (!user.emailVerified) return [];
  const means = await keycloak.contacts.meansOf(user.id);
  return means?.links.filter(({ provider }) => provider === fallback.broker).map(({ userId }) => userId);
}

const remove =
  'delete from identity_link where customer_id = ? and issuer = ? and not (subject = any(?)) returning subject';

// Keycloak knows an identity of a provider as one user's alone: who had it before has it no more. Later than the link
// with Keycloak, which stays the customer's first.
const add = `insert into identity_link (issuer, subject, customer_id, linked_at, checked_at)
  select ?, unnest(?::text[]), ?, ?::timestamptz + interval '1 millisecond', ?
  on conflict (issuer, subject) do update set customer_id = excluded.customer_id, linked_at = excluded.linked_at
    where identity_link.customer_id <> excluded.customer_id`;

/** Makes the customer's links with the second issuer what Keycloak has; what is gone opens nothing from now on. */
export async function settleFallbackLinks(
  ctx: LinksCtx,
  em: EntityManager,
  customerId: string,
  subjects: readonly string[] | undefined,
): Promise<void> {
  const { fallback } = ctx.config;
  if (!fallback || !subjects) return;
  const wanted = `{${subjects.map((one) => JSON.stringify(one)).join(',')}}`;
  const at = ctx.clock.now();
  const gone = await em.execute<{ subject: string }[]>(remove, [customerId, fallback.issuer, wanted]);
  for (const { subject } of gone) await endSessions(ctx.pool, fallback.issuer, { subject }, 'STATUS', at);
  if (subjects.length) await em.execute(add, [fallback.issuer, wanted, customerId, at, at]);
}
