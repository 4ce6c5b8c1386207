import type { Parts } from '../../context.ts';
import { system } from '../../domain/access.ts';
import { CustomerAccount } from '../../domain/customer-account.ts';
import type { Task } from '../../messaging/work.ts';
import type { MailSender } from '../../platform/mail.ts';
import { dropUnproven, returnAddress, tellOwnerTask } from './registration-service.ts';
import { knownAddressMail } from './registration.mails.ts';

async function mailOwner(parts: Parts, mail: MailSender, customerId: string): Promise<void> {
  const act = { actor: system(tellOwnerTask), requestId: customerId };
  const owner = await parts.transactAs(act, async (em) => {
    const account = await em.findOne(CustomerAccount, { id: customerId });
    const address = account?.emailVerified && account.status !== 'ERASING' ? account.person?.email?.address : undefined;
    return address && { address, locale: account?.locale ?? null };
  });
  if (owner) await mail.send(knownAddressMail(owner.address, owner.locale, returnAddress(parts)));
}

/** What registration does later: the owner of an address is told; whoever never proved one is dropped. */
export function registrationTasks(parts: Parts, mail: MailSender): Task[] {
  return [
    { name: tellOwnerTask, run: (customerId) => mailOwner(parts, mail, customerId) },
    { name: 'registration.drop-unproven', run: () => dropUnproven(parts) },
  ];
}
