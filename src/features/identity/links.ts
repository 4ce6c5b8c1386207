import type { EntityManager } from '@mikro-orm/postgresql';
import type { Ctx } from '../../context.ts';
import type { Identity } from '../../domain/access.ts';
import type { KeycloakUser } from '../../platform/keycloak.ts';
import { fingerprintOf } from './fingerprint.ts';

/** Whether a customer is linked with anybody of this issuer. */
export async function isLinked(em: EntityManager, customerId: string, issuer: string): Promise<boolean> {
  const text = 'select 1 as n from identity_link where customer_id = ? and issuer = ? limit 1';
  return (await em.execute<unknown[]>(text, [customerId, issuer])).length > 0;
}

/** Links an identity with a customer. Fails on the primary key if it is linked already. */
export async function link(
  em: EntityManager,
  { issuer, subject }: Identity,
  customerId: string,
  at: Date,
): Promise<void> {
  await em.execute(
    'insert into identity_link (issuer, subject, customer_id, linked_at, checked_at) values (?, ?, ?, ?, ?)',
    [issuer, subject, customerId, at, at],
  );
}

/** Notes that the user was looked for, and as what she was found; null when she was not there. */
export async function checked(
  { pool, fingerprints }: Pick<Ctx, 'pool' | 'fingerprints'>,
  { issuer, subject }: Identity,
  at: Date,
  user: KeycloakUser | null,
): Promise<void> {
  await pool.query({
    name: user ? 'link-found' : 'link-missing',
    text: `update identity_link set checked_at = $3, seen_hash = $4,
        missing_since = ${user ? 'null' : 'coalesce(missing_since, $3)'}
      where issuer = $1 and subject = $2`,
    values: [issuer, subject, at, user && fingerprintOf(fingerprints, user)],
  });
}
