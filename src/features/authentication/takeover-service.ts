import type { Ctx, Parts } from '../../context.ts';
import { system } from '../../domain/access.ts';
import { CustomerAccount, type Recipient } from '../../domain/customer-account.ts';
import type { LinkToken, MailLink } from '../../domain/mail-link.ts';
import { forUpdate } from '../../messaging/for-update.ts';
import { actorOfLink, issueLink, useLink } from '../../messaging/links.ts';
import { endSessionsOf } from './device-sessions.ts';
import { forgetDevices } from './known-devices.ts';
import type { DescribedSignIn } from './security.mails.ts';
import { deviceText } from '../../domain/device.ts';
import { readEndingKey, endingKey, subjectsOf } from './session-ending.ts';

/** The job that locks her account at the provider; its key is an ending, and whether the password goes. */
export const lockOutTask = 'authentication.lock-out';
/** The job that confirms a report; its key is the customer's id. */
export const confirmTakeoverTask = 'authentication.confirm-takeover';

/** For how long a mail's "this was not me" counts. */
const linkDays = 7;
const withPassword = ' password';

/** Keycloak's page where a password is chosen anew by a mail; it comes back signed in. */
export function resetUrl({ config }: Pick<Ctx, 'config'>): string {
  const { issuer, bff } = config.keycloak;
  const query = new URLSearchParams({ client_id: bff.id, redirect_uri: `${config.server.publicUrl}/auth/callback` });
  return `${issuer}/login-actions/reset-credentials?${query}`;
}

type ReportCtx = Pick<Ctx, 'clock' | 'config' | 'figures' | 'log' | 'request' | 'transactAs' | 'work'>;

/**
 * "This was not me": ends every session of hers, here at once and at Keycloak by a job, which also takes her password away
 * and asks for a new one. The password stays if her address was changed since the mail, since a reset would then lead to
 * somebody else's mailbox (decision 0045).
 *
 * @throws NotFound  for a token that is used, over or unknown
 */
export async function reportTakeover(
  ctx: ReportCtx,
  { link, token }: { link: MailLink; token: LinkToken },
): Promise<void> {
  const at = ctx.clock.now();
  const act = { actor: actorOfLink(link), requestId: ctx.request.id };
  await ctx.transactAs(act, async (em) => {
    const { customerId, createdAt } = await useLink(em, token, { purpose: 'TAKEOVER_REPORT', at });
    const account = await forUpdate(em, customerId);
    await endSessionsOf(em, customerId, 'all', { reason: 'TAKEOVER', at });
    await forgetDevices(em, customerId, at);
    account.happened('TAKEOVER_REPORTED', 'SELF');
    const proven = account.person?.email?.verifiedAt;
    const same = typeof proven === 'string' && new Date(proven) <= createdAt;
    for (const subject of await subjectsOf(ctx, em, customerId)) {
      const key = endingKey({ subject, before: at });
      await ctx.work.enqueue(em, lockOutTask, same ? `${key}${withPassword}` : key);
    }
    await ctx.work.enqueue(em, confirmTakeoverTask, customerId);
  });
  ctx.figures.incident('takeover_report');
  ctx.log.warn({ requestId: ctx.request.id, customerId: link.customerId }, 'a takeover was reported');
}

/** What {@link lockOutTask} does at Keycloak. A second run does no harm: only what was there at the report goes. */
export async function lockOut({ keycloak }: Pick<Parts, 'keycloak'>, key: string): Promise<void> {
  const { subject, before } = readEndingKey(key);
  await keycloak.signIns.endSessionsBefore(subject, before);
  if (key.endsWith(withPassword)) await keycloak.signIns.dropPasswordOf(subject, before);
  await keycloak.signIns.askNewPassword(subject, before);
}

type MailParts = Pick<Parts, 'clock' | 'config' | 'pool' | 'transactAs'>;

/** To whom mails about her account's safety go. */
export async function recipientOf({ transactAs }: MailParts, customerId: string): Promise<Recipient | undefined> {
  return transactAs({ actor: system('authentication.mails'), requestId: customerId }, async (em) => {
    return (await em.findOne(CustomerAccount, { id: customerId }))?.recipient;
  });
}

/** What a mail about a session says, and the link by which she disowns it. */
export interface SessionNotice {
  readonly to: Recipient;
  readonly signIn: DescribedSignIn;
  readonly notMe: string;
}

interface Row {
  readonly customerId: string;
  readonly browser: string | null;
  readonly system: string | null;
  readonly country: string | null;
  readonly startedAt: Date;
}

/** What to tell of a session; undefined when there is nobody to be told. Each call makes a link of its own. */
export async function noticeOfSession(parts: MailParts, sessionId: string): Promise<SessionNotice | undefined> {
  const text = `select customer_id as "customerId", browser, system, country, started_at as "startedAt"
    from session_token where id = $1`;
  const { rows } = await parts.pool.query<Row>({ name: 'session-notice', text, values: [sessionId] });
  const [row] = rows;
  const to = row && (await recipientOf(parts, row.customerId));
  if (!row || !to) return undefined;
  const at = parts.clock.now();
  const expiresAt = new Date(at.getTime() + linkDays * 86_400_000);
  const { customerId, country, startedAt } = row;
  const link = { purpose: 'TAKEOVER_REPORT', customerId, reference: sessionId, at, expiresAt } as const;
  const act = { actor: system('authentication.mails'), requestId: sessionId };
  const token = await parts.transactAs(act, (em) => issueLink(em, link));
  const device = deviceText({ browser: row.browser ?? undefined, system: row.system ?? undefined });
  return { to, signIn: { at: startedAt, device, country }, notMe: `${parts.config.server.publicUrl}/l/${token}` };
}
