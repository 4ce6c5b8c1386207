import type { EntityManager } from '@mikro-orm/postgresql';
import type { CustomerAccount } from '../../domain/customer-account.ts';

/** Devices are forgotten after a year, so that whoever comes later shows nothing of it. */
const rememberedMs = 365 * 86_400_000;

/** Whether nobody who registered here has signed in to this account before; asked before her device is noted. */
export async function isFirstSignIn(
  em: EntityManager,
  { id, method, createdAt }: Pick<CustomerAccount, 'id' | 'method' | 'createdAt'>,
  at: Date,
): Promise<boolean> {
  if (method !== 'PASSWORD' || at.getTime() - createdAt.getTime() >= rememberedMs) return false;
  const rows = await em.execute('select from known_device where customer_id = ? limit 1', [id]);
  return rows.length === 0;
}
