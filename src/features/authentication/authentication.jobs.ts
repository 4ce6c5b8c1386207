import type { Parts } from '../../context.ts';
import type { Task } from '../../messaging/work.ts';
import type { MailSender } from '../../platform/mail.ts';
import { makeStepUpCode, sendStepUpCodeTask } from './email-proof.ts';
import { newDeviceTask } from './authentication-service.ts';
import { stepUpCodeMail } from './step-up.mails.ts';
import { newDeviceMail, stolenSessionMail, takeoverMail } from './security.mails.ts';
import { endOthersTask, readEndingKey } from './session-ending.ts';
import { endAtProviderTask, stolenSessionTask } from './session-service.ts';
import {
  confirmTakeoverTask,
  lockOut,
  lockOutTask,
  noticeOfSession,
  recipientOf,
  resetUrl,
} from './takeover-service.ts';

async function tellOf(parts: Parts, mail: MailSender, sessionId: string, mailFor: typeof newDeviceMail): Promise<void> {
  const notice = await noticeOfSession(parts, sessionId);
  if (notice) await mail.send(mailFor(notice.to, notice.signIn, notice.notMe));
}

async function confirm(parts: Parts, mail: MailSender, customerId: string): Promise<void> {
  const to = await recipientOf(parts, customerId);
  if (to) await mail.send(takeoverMail(to, resetUrl(parts)));
}

async function mailCode(parts: Parts, mail: MailSender, sessionId: string): Promise<void> {
  const made = await makeStepUpCode(parts, sessionId);
  if (made) await mail.send(stepUpCodeMail(made.to, made.code));
}

async function endOthers({ keycloak }: Parts, key: string): Promise<void> {
  const { subject, before, but } = readEndingKey(key);
  await keycloak.signIns.endSessionsBefore(subject, before, but);
}

/** What sign-in and sessions do later: sessions end at Keycloak too, and customers are told of what they should know. */
export function authenticationTasks(parts: Parts, mail: MailSender): Task[] {
  return [
    { name: endAtProviderTask, run: async (sid) => void (await parts.keycloak.endSession(sid)) },
    { name: endOthersTask, run: (key) => endOthers(parts, key) },
    { name: lockOutTask, run: (key) => lockOut(parts, key) },
    { name: sendStepUpCodeTask, run: (sessionId) => mailCode(parts, mail, sessionId) },
    { name: newDeviceTask, run: (sessionId) => tellOf(parts, mail, sessionId, newDeviceMail) },
    { name: stolenSessionTask, run: (sessionId) => tellOf(parts, mail, sessionId, stolenSessionMail) },
    { name: confirmTakeoverTask, run: (customerId) => confirm(parts, mail, customerId) },
  ];
}
