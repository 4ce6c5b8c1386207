import type { Parts } from '../../context.ts';
import type { Task } from '../../messaging/work.ts';
import { lockTask, tellFormerTask, tellPhoneLostTask, yieldPhoneTask } from '../../messaging/shared-tasks.ts';
import type { MailSender } from '../../platform/mail.ts';
import { applyContacts } from './apply-contacts.ts';
import { carryOutLock } from './contact-lock.ts';
import {
  formerNotice,
  type Notice,
  ownerNotice,
  phoneLostNotice,
  proofNotice,
  requestNotice,
} from './contact-notices.ts';
import { applyTask, dropOverTask, sendProofTask, tellOwnerTask, tellRequestedTask } from './contact-tasks.ts';
import { contactMail } from './contacts.mails.ts';
import { yieldPhone } from './yield-phone.ts';
import { dropOver } from './drop-over.ts';

type Write = (parts: Parts, key: string) => Promise<Notice | undefined>;

/** What changing contacts does later: mails, what Keycloak is to have, and what is over. */
export function contactTasks(parts: Parts, mail: MailSender): Task[] {
  const mailing = (name: string, write: Write): Task => ({
    name,
    async run(key) {
      const notice = await write(parts, key);
      if (notice) await mail.send(contactMail(notice.about, notice.to, notice.locale, notice.href));
    },
  });
  return [
    mailing(sendProofTask, proofNotice),
    mailing(tellRequestedTask, requestNotice),
    mailing(tellFormerTask, formerNotice),
    mailing(tellOwnerTask, ownerNotice),
    mailing(tellPhoneLostTask, phoneLostNotice),
    { name: yieldPhoneTask, run: (customerId) => yieldPhone(parts, customerId) },
    { name: applyTask, run: (customerId) => applyContacts(parts, customerId) },
    { name: lockTask, run: (customerId) => carryOutLock(parts, customerId) },
    { name: dropOverTask, run: () => dropOver(parts) },
  ];
}
