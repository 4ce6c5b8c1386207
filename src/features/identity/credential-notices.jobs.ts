import type { Parts } from '../../context.ts';
import type { Task } from '../../messaging/work.ts';
import type { MailSender } from '../../platform/mail.ts';
import { credentialNotice, tellCredentialTask } from './credential-notices.ts';
import { credentialMail } from './credential-notices.mails.ts';

/** Mails what was changed of what a customer signs in with. */
export function credentialNoticeTasks(parts: Parts, mail: MailSender): Task[] {
  return [
    {
      name: tellCredentialTask,
      run: async (eventId) => {
        const notice = await credentialNotice(parts, eventId);
        if (notice) await mail.send(credentialMail(notice, `${parts.config.server.publicUrl}/profile`));
      },
    },
  ];
}
