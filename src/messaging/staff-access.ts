import type { EntityManager } from '@mikro-orm/postgresql';
import { allForUpdate } from './for-update.ts';

/**
 * Leaves with every customer that staff saw her personal fields, in one transaction, whose statements are as many for a
 * hundred as for one.
 *
 * @param transact  runs work in one transaction, as the person who looks
 */
export function noteStaffAccess(
  transact: (work: (em: EntityManager) => Promise<void>) => Promise<void>,
): (ids: readonly string[]) => Promise<void> {
  return (ids) =>
    transact(async (em) => {
      // Whoever is erased meanwhile shows nothing, and has no key to write with.
      for (const account of await allForUpdate(em, ids)) if (account.person) account.shownToStaff();
    });
}
