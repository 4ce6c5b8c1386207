import type { Ctx } from '../../context.ts';
import { system } from '../../domain/access.ts';
import { forUpdate } from '../../messaging/for-update.ts';
import { lockTask } from '../../messaging/shared-tasks.ts';
import { dropOverTask } from './contact-tasks.ts';

const droppedAtOnce = 200;

/** Drops changes that nobody proved in time, what cannot be reverted any more, and locks that bind no longer. */
export async function dropOver(ctx: Pick<Ctx, 'pool' | 'clock' | 'transactAs' | 'work'>): Promise<void> {
  const { rows } = await ctx.pool.query<{ id: string }>({
    name: 'contacts-due',
    text: `select id from customer where contact_due_at <= $1 and status not in ('ERASED','MERGED')
      order by contact_due_at limit $2`,
    values: [ctx.clock.now(), droppedAtOnce],
  });
  for (const { id } of rows) {
    await ctx.transactAs({ actor: system(dropOverTask), requestId: id }, async (em) => {
      const account = await forUpdate(em, id);
      const wasLocked = account.contacts.lock !== null;
      account.dropOverContacts({ at: ctx.clock.now(), by: 'SYSTEM' });
      if (wasLocked && !account.contacts.lock) await ctx.work.enqueue(em, lockTask, id);
    });
  }
}
