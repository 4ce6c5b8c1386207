import { html } from 'hono/html';
import type { Ctx } from '../context.ts';
import type { LinkToken, MailLink } from '../domain/mail-link.ts';
import { languageOf, type Texts } from '../texts/languages.ts';
import { answerPage, type Html, languageFor, textsFor } from './page.ts';
import type { RouteContext } from './route.ts';

type T = Texts['pages'];

/** What she reads at a link, before she presses its button. */
export interface LinkAsks {
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly button: string;
}

/** What she reads afterwards. */
export interface LinkDone {
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly next?: { readonly href: string; readonly label: string };
}

/** A link that was just looked up, and its token. */
export interface FoundLink {
  readonly link: MailLink;
  readonly token: LinkToken;
}

/** What happens at a link of one purpose. */
export interface LinkPage {
  /** Changes nothing: programs that look at mails open every link. */
  ask(ctx: Ctx, link: MailLink, t: T): LinkAsks | Promise<LinkAsks>;
  /**
   * Uses the token up (`useLink`) and does what it is for, in one transaction, as `actorOfLink`. Whose browser it is does
   * not matter: the token is the proof.
   *
   * @throws NotFound  for a token that is used, over or unknown
   */
  act(ctx: Ctx, found: FoundLink, t: T): Promise<LinkDone>;
}

const said = (paragraphs: readonly string[]): Html[] => paragraphs.map((text) => html`<p>${text}</p>`);

const textsOf = (c: RouteContext, { locale }: MailLink) => {
  const language = locale === null ? languageFor(c) : languageOf(locale);
  return { language, t: textsFor(language) };
};

/** Answers a GET: what the link is for, and a button. Without a script, since a mail program may show it. */
export async function answerAsks(c: RouteContext, page: LinkPage, link: MailLink): Promise<Response> {
  const { language, t } = textsOf(c, link);
  const { title, paragraphs, button } = await page.ask(c.env.ctx, link, t);
  const body = html`<h1>${title}</h1>
    <form class="card" method="post">
      ${said(paragraphs)}
      <p class="actions"><button type="submit">${button}</button></p>
    </form>`;
  return answerPage(c, { title, body, language });
}

/** Does what the link is for, and says so. */
export async function answerDone(c: RouteContext, page: LinkPage, found: FoundLink): Promise<Response> {
  const { language, t } = textsOf(c, found.link);
  const { title, paragraphs, next } = await page.act(c.env.ctx, found, t);
  const body = html`<h1>${title}</h1>
    <div class="card">
      ${said(paragraphs)}
      ${next ? html`<p class="actions"><a class="button" href="${next.href}">${next.label}</a></p>` : ''}
    </div>`;
  return answerPage(c, { title, body, language });
}
