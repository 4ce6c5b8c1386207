import { system } from '../../domain/access.ts';
import { CustomerAccount } from '../../domain/customer-account.ts';
import { yieldPhoneTask } from '../../messaging/shared-tasks.ts';
import { subjectsOf } from '../../read-model/subjects.ts';
import { type ApplyCtx, lookAgain } from './apply-contacts.ts';

/**
 * Takes a number away at Keycloak that another one has proven, and the factor that it was. Run again, it does no harm.
 *
 * @throws Unavailable
 */
export async function yieldPhone(ctx: ApplyCtx, customerId: string): Promise<void> {
  const lost = await ctx.transactAs({ actor: system(yieldPhoneTask), requestId: customerId }, async (em) => {
    const account = await em.findOne(CustomerAccount, { id: customerId });
    return account?.person?.lostPhone;
  });
  if (lost === undefined) return;
  const { contacts } = ctx.keycloak;
  for (const subject of await subjectsOf(ctx, customerId)) {
    const user = await ctx.keycloak.findById(subject);
    if (user?.phone !== lost) continue;
    const means = await contacts.meansOf(subject);
    for (const { id, kind } of means?.credentials ?? [])
      if (kind === 'SMS') await contacts.removeCredential(subject, id);
    await contacts.setPhone(subject, null);
    await lookAgain(ctx, subject);
  }
}
