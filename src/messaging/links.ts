import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type pg from 'pg';
import type { Actor } from '../domain/access.ts';
import { NotFound } from '../domain/errors.ts';
import { hashOfLink, linkTokenFrom, type LinkPurpose, type LinkToken, type MailLink } from '../domain/mail-link.ts';

/** A link to be made. */
export interface NewLink {
  readonly purpose: LinkPurpose;
  readonly customerId: string;
  /** What of hers it is about; never personal data. Links of one matter are used up together. */
  readonly reference?: string;
  readonly at: Date;
  readonly expiresAt: Date;
}

/**
 * Makes a link in the caller's transaction; its address is `/l/{token}`. The token leaves in the mail and is nowhere else:
 * a job that mails it makes it as well, and a second run makes a second link of the same matter.
 */
export async function issueLink(em: EntityManager, link: NewLink): Promise<LinkToken> {
  const token = linkTokenFrom(randomBytes(32));
  await em.execute(
    `insert into mail_link (token_hash, purpose, customer_id, reference, created_at, expires_at) values (?, ?, ?, ?, ?, ?)`,
    [hashOfLink(token), link.purpose, link.customerId, link.reference ?? null, link.at, link.expiresAt],
    { method: 'run' },
  );
  return token;
}

/** The link of a token, which stays as good as it is; undefined for one that is used, over or unknown. */
export async function findLink(pool: pg.Pool, token: LinkToken, at: Date): Promise<MailLink | undefined> {
  const text = `select l.purpose, l.customer_id as "customerId", l.reference, c.locale
    from mail_link l join customer c on c.id = l.customer_id
    where l.token_hash = $1 and l.used_at is null and l.expires_at > $2`;
  const { rows } = await pool.query<MailLink>({ name: 'mail-link', text, values: [hashOfLink(token), at] });
  return rows[0];
}

/**
 * Uses a link up in the caller's transaction, and with it every other link of the same matter: of two at once, one wins.
 *
 * @throws NotFound  for one that is used, over, unknown or for something else
 */
export async function useLink(
  em: EntityManager,
  token: LinkToken,
  { purpose, at }: { readonly purpose: LinkPurpose; readonly at: Date },
): Promise<Omit<MailLink, 'locale'>> {
  const used: Omit<MailLink, 'locale'>[] = await em.execute(
    `with found as (
       select purpose, customer_id, reference from mail_link
       where token_hash = ? and purpose = ? and used_at is null and expires_at > ? for update
     )
     update mail_link l set used_at = ? from found f
     where l.customer_id = f.customer_id and l.purpose = f.purpose and l.used_at is null
       and l.reference is not distinct from f.reference
     returning l.purpose, l.customer_id as "customerId", l.reference`,
    [hashOfLink(token), purpose, at, at],
  );
  const [link] = used;
  if (!link) throw new NotFound();
  return link;
}

/** Whoever comes by a link acts for the customer it was sent to, with nothing but that right. */
export function actorOfLink({ customerId }: Pick<MailLink, 'customerId'>): Actor {
  return { kind: 'person', id: customerId, permissions: new Set(['customer:self']) };
}
