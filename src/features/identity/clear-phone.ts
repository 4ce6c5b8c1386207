import type { EntityManager } from '@mikro-orm/postgresql';
import type { Ctx } from '../../context.ts';
import type { CustomerAccount } from '../../domain/customer-account.ts';
import { forUpdate } from '../../messaging/for-update.ts';
import { writeNow } from '../../messaging/write-now.ts';
import { tellPhoneLostTask, yieldPhoneTask } from '../../messaging/shared-tasks.ts';
import type { KeycloakUser } from '../../platform/keycloak.ts';
import { holderOfPhone } from './holder.ts';
import { phoneOf } from './take-user.ts';

/**
 * A number is of whoever proved it last: its holder loses it before it is written for another one. Not to a user who
 * still bears a number that her account has lost.
 */
export async function clearPhone(
  ctx: Pick<Ctx, 'pool' | 'phoneIndex' | 'work' | 'clock'>,
  em: EntityManager,
  user: KeycloakUser,
  { id, person, contacts }: CustomerAccount,
): Promise<void> {
  const number = user.phoneVerified ? phoneOf(user) : null;
  if (!number || person?.phone?.number === number) return;
  const isAsked = contacts.pending.some(({ value, provenAt }) => value === number && provenAt);
  if (person?.lostPhone === number && !isAsked) return;
  const holder = await holderOfPhone(ctx, number);
  if (!holder || holder === id) return;
  const former = await forUpdate(em, holder);
  former.losePhone(number, { at: ctx.clock.now(), by: 'SYSTEM' });
  await ctx.work.enqueue(em, yieldPhoneTask, holder);
  await ctx.work.enqueue(em, tellPhoneLostTask, holder);
  await writeNow(em);
}
