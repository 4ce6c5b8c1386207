import type { Ctx } from '../../context.ts';
import { NotFound, RateLimited } from '../../domain/errors.ts';
import { type LinkToken, type MailLink, parseLinkToken } from '../../domain/mail-link.ts';
import { findLink } from '../../messaging/links.ts';

const perMinute = 60;

/**
 * The link of an address, which stays as good as it is.
 *
 * @throws NotFound     for a token that is used, over, unknown or none at all
 * @throws RateLimited  for an address that tries very many
 */
export async function linkOf(
  { clock, limits, pool, request }: Pick<Ctx, 'clock' | 'limits' | 'pool' | 'request'>,
  text: string | undefined,
): Promise<{ link: MailLink; token: LinkToken }> {
  const wait = await limits.take('mail-link', request.ip, perMinute, 60);
  if (wait) throw new RateLimited(wait);
  const token = parseLinkToken(text);
  const link = token && (await findLink(pool, token, clock.now()));
  if (!token || !link) throw new NotFound();
  return { link, token };
}
