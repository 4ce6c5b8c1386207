import type { Hono } from 'hono';
import { NotFound } from '../../domain/errors.ts';
import type { LinkPurpose } from '../../domain/mail-link.ts';
import { answerAsks, answerDone, type LinkPage } from '../../http/link-page.ts';
import { answerNotice } from '../../http/page.ts';
import { type RouteContext, type RouteEnv, routes } from '../../http/route.ts';
import { linkOf } from './link-service.ts';

/** What happens at the links of every purpose. */
export type LinkPages = Readonly<Partial<Record<LinkPurpose, LinkPage>>>;

async function orOver(c: RouteContext, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NotFound) return answerNotice(c, { status: 404, text: 'linkOver' });
    throw error;
  }
}

/**
 * `/l/{token}`: the links in our mails (contracts: access). GET only shows what the link is for; the button's POST acts.
 * No cookie and no header is asked for, since the token is the proof.
 */
export function linkPages(pages: LinkPages): Hono<RouteEnv> {
  const at = async (c: RouteContext) => {
    const found = await linkOf(c.env.ctx, c.req.param('token'));
    const page = pages[found.link.purpose];
    if (!page) throw new NotFound();
    return { ...found, page };
  };
  return routes()
    .get('/l/:token', (c) =>
      orOver(c, async () => {
        const { page, link } = await at(c);
        return answerAsks(c, page, link);
      }),
    )
    .post('/l/:token', (c) =>
      orOver(c, async () => {
        const { page, ...found } = await at(c);
        return answerDone(c, page, found);
      }),
    );
}
