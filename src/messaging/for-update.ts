import { type EntityManager, raw } from '@mikro-orm/postgresql';
import { EventType, LockMode } from '@mikro-orm/core';
import type { Identity } from '../domain/access.ts';
import { CustomerAccount } from '../domain/customer-account.ts';
import { NotFound } from '../domain/errors.ts';

const lockMode = LockMode.PESSIMISTIC_WRITE;

/**
 * The customer, under the lock of her row until the transaction ends.
 *
 * @throws NotFound
 */
export async function forUpdate(em: EntityManager, id: string): Promise<CustomerAccount> {
  const found = await em.findOne(CustomerAccount, { id }, { lockMode });
  await openAgain(em, found);
  if (!found) throw new NotFound();
  return found;
}

/** Those of the customers that there are, under the locks of their rows, taken in one order by whoever takes several. */
export async function allForUpdate(em: EntityManager, ids: readonly string[]): Promise<CustomerAccount[]> {
  const found = await em.find(CustomerAccount, { id: { $in: [...ids] } }, { lockMode, orderBy: { id: 'asc' } });
  for (const each of found) await openAgain(em, each);
  return found;
}

/**
 * The customer whom this identity is linked to, under the lock of her row. The link is read in the same statement.
 *
 * @throws NotFound
 */
export async function ownForUpdate(em: EntityManager, identity: Identity): Promise<CustomerAccount> {
  const found = await findByIdentityForUpdate(em, identity);
  if (!found) throw new NotFound();
  return found;
}

/** Like {@link ownForUpdate}; null when the identity is linked to nobody. */
export async function findByIdentityForUpdate(
  em: EntityManager,
  { issuer, subject }: Identity,
): Promise<CustomerAccount | null> {
  const linked = raw('(select customer_id from identity_link where issuer = ? and subject = ?)', [issuer, subject]);
  // A bare `{ id: … }` would be looked up in the identity map first, which takes no statement for an id.
  const found = await em.findOne(CustomerAccount, { $and: [{ id: linked }] }, { lockMode });
  await openAgain(em, found);
  return found;
}

/** The ORM reads a row again that was loaded before its lock, and does not say so: what is sealed would stay as it was. */
async function openAgain(em: EntityManager, entity: CustomerAccount | null): Promise<void> {
  if (!entity) return;
  await em.getEventManager().dispatchEvent(EventType.onLoad, { entity, em, meta: em.getMetadata(CustomerAccount) });
}
