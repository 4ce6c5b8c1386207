import type { EntityManager } from '@mikro-orm/postgresql';
import type { Ctx } from '../../context.ts';
import { system } from '../../domain/access.ts';
import { CustomerAccount } from '../../domain/customer-account.ts';
import { type Email, emailLookupOf } from '../../domain/values/email.ts';
import type { LinkPurpose } from '../../domain/mail-link.ts';
import { issueLink } from '../../messaging/links.ts';
import { tellFormerTask, tellPhoneLostTask } from '../../messaging/shared-tasks.ts';
import { holderOf, type HolderCtx } from '../identity/identity-service.ts';
import { namedBy, sendProofTask, tellOwnerTask, tellRequestedTask } from './contact-tasks.ts';
import type { ContactMail } from './contacts.mails.ts';

/** What telling needs. */
export type NoticeCtx = HolderCtx;

/** What is to be written to whom, and where its link leads. */
export interface Notice {
  readonly about: ContactMail;
  readonly to: string;
  readonly locale: string | null;
  readonly href: string;
}

const hour = 3_600_000;
/** As long as a change that was asked for may be proven, and then be reverted. */
const revertFromRequestMs = (48 + 72) * hour;

interface Linked {
  readonly account: CustomerAccount;
  readonly changeId: string;
  readonly purpose: LinkPurpose;
  readonly expiresAt: Date;
}

async function hrefOf(ctx: NoticeCtx, em: EntityManager, linked: Linked): Promise<string> {
  const { account, changeId: reference, purpose, expiresAt } = linked;
  const link = { purpose, customerId: account.id, reference, at: ctx.clock.now(), expiresAt };
  return `${ctx.config.server.publicUrl}/l/${await issueLink(em, link)}`;
}

type Write = (em: EntityManager, account: CustomerAccount, changeId: string) => Promise<Notice | undefined>;

function about(ctx: NoticeCtx, task: string, key: string, write: Write): Promise<Notice | undefined> {
  const { customerId, changeId } = namedBy(key);
  return ctx.transactAs({ actor: system(task), requestId: changeId || customerId }, async (em) => {
    const account = await em.findOne(CustomerAccount, { id: customerId });
    return account?.person ? write(em, account, changeId) : undefined;
  });
}

const signInHref = ({ config }: Pick<Ctx, 'config'>): string => `${config.server.publicUrl}/auth/login`;
const addressOf = ({ person, emailVerified }: CustomerAccount): Email | undefined =>
  emailVerified ? person?.email?.address : undefined;

/** The owner of a contact is told that somebody else wanted it. */
export function ownerNotice(ctx: NoticeCtx, customerId: string): Promise<Notice | undefined> {
  return about(ctx, tellOwnerTask, customerId, async (_em, account) => {
    const { address: to, locale = null } = account.recipient ?? {};
    return to && { about: 'taken', to, locale, href: signInHref(ctx) };
  });
}

/** A customer is told that another one has proven her number. */
export function phoneLostNotice(ctx: NoticeCtx, customerId: string): Promise<Notice | undefined> {
  return about(ctx, tellPhoneLostTask, customerId, async (_em, account) => {
    const to = addressOf(account);
    return to && { about: 'phoneLost', to, locale: account.locale, href: signInHref(ctx) };
  });
}

/** A new contact gets the link that proves it; or, when it is somebody else's, she is told, and nobody is the wiser. */
export async function proofNotice(ctx: NoticeCtx, key: string): Promise<Notice | undefined> {
  const { customerId } = namedBy(key);
  let owner: string | undefined;
  const notice = await about(ctx, sendProofTask, key, async (em, account, changeId) => {
    const pending = account.contacts.pending.find(({ id, provenAt }) => id === changeId && !provenAt);
    if (pending?.channel !== 'EMAIL') return undefined;
    const holder = await holderOf(ctx, emailLookupOf(pending.value as Email));
    if (holder?.owns && holder.customerId !== customerId) owner = holder.customerId;
    if (owner !== undefined) return undefined;
    const expiresAt = new Date(pending.expiresAt);
    const href = await hrefOf(ctx, em, { account, changeId, purpose: 'CONTACT_PROOF', expiresAt });
    return { about: 'proof', to: pending.value, locale: account.locale, href };
  });
  return owner === undefined ? notice : ownerNotice(ctx, owner);
}

/** The present address is told that another contact waits, and how to stop that. */
export function requestNotice(ctx: NoticeCtx, key: string): Promise<Notice | undefined> {
  return about(ctx, tellRequestedTask, key, async (em, account, changeId) => {
    const to = addressOf(account);
    const pending = account.contacts.pending.find(({ id }) => id === changeId);
    if (!to || !pending) return undefined;
    const expiresAt = new Date(new Date(pending.requestedAt).getTime() + revertFromRequestMs);
    const href = await hrefOf(ctx, em, { account, changeId, purpose: 'CONTACT_REVERT', expiresAt });
    return { about: 'requested', to, locale: account.locale, href };
  });
}

/** The former contact is told that it is former, and how to have it back. */
export function formerNotice(ctx: NoticeCtx, key: string): Promise<Notice | undefined> {
  return about(ctx, tellFormerTask, key, async (em, account, changeId) => {
    const former = account.contacts.former.find(({ id }) => id === changeId);
    const byMail = former?.channel === 'EMAIL';
    const to = byMail ? former.from : addressOf(account);
    if (!former || !to) return undefined;
    const expiresAt = new Date(former.revertUntil);
    const href = await hrefOf(ctx, em, { account, changeId, purpose: 'CONTACT_REVERT', expiresAt });
    return { about: byMail ? 'changed' : 'phoneChanged', to, locale: account.locale, href };
  });
}
