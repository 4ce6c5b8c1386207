import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { LinkPage } from '../../http/link-page.ts';
import { answerNotice, answerPage, type Html, languageFor, textsFor } from '../../http/page.ts';
import { type RouteContext, type RouteEnv, routes } from '../../http/route.ts';
import type { Language, Texts } from '../../texts/languages.ts';
import { type DeviceSession, sessionsOf } from './device-sessions.ts';
import { reportTakeover, resetUrl } from './takeover-service.ts';

type T = Texts['pages']['sessions'];

const whenOf = (at: Date, language: Language): Html => {
  const text = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }).format(
    at,
  );
  return html`<time datetime="${at.toISOString()}">${text} UTC</time>`;
};

function row(t: T, session: DeviceSession, language: Language): Html {
  const { id, current, userAgent, country, startedAt, lastSeenAt } = session;
  const where = country && new Intl.DisplayNames([language], { type: 'region' }).of(country);
  return html`<li class="card session" aria-labelledby="s-${id}">
    <h2 id="s-${id}">${userAgent ?? t.unknown}${current ? html` <span class="mark">${t.current}</span>` : ''}</h2>
    <dl>
      <dt>${t.country}</dt>
      <dd>${where ?? t.unknownCountry}</dd>
      <dt>${t.started}</dt>
      <dd>${whenOf(startedAt, language)}</dd>
      <dt>${t.seen}</dt>
      <dd>${whenOf(lastSeenAt, language)}</dd>
    </dl>
    ${
      current
        ? ''
        : html`<p class="actions">
            <button type="button" class="second" data-end-session="${id}" aria-describedby="s-${id}">${t.end}</button>
          </p>`
    }
  </li>`;
}

async function sessions(c: RouteContext): Promise<Response> {
  const { ctx } = c.env;
  if (ctx.actor.kind !== 'person') return c.redirect('/auth/login?returnTo=%2Faccount%2Fsessions');
  const own = await ctx.customers.own();
  if (own?.view !== 'self') return answerNotice(c, { status: 403, text: 'closed' });
  const language = languageFor(c, own.locale);
  const t = textsFor(language).sessions;
  const all = await sessionsOf(ctx, own.id);
  const others = all.filter(({ current }) => !current);
  const body = html`<h1>${t.title}</h1>
    <p>${t.what}</p>
    <ul class="sessions">
      ${[...all.filter(({ current }) => current), ...others].map((session) => row(t, session, language))}
    </ul>
    ${
      others.length
        ? html`<p class="actions"><button type="button" data-end-others>${t.endOthers}</button></p>`
        : html`<p>${t.alone}</p>`
    }
    <p class="says" data-says role="status"></p>`;
  return answerPage(c, { title: t.title, body, signedIn: true, language });
}

/** The page where a customer sees where she is signed in, and ends what is not hers. */
export function sessionPages(): Hono<RouteEnv> {
  return routes().get('/account/sessions', sessions);
}

/** What happens at a link by which she says that a sign-in was not hers. */
export const takeoverLink: LinkPage = {
  ask: (_ctx, _link, { takeover: t }) => ({ title: t.title, paragraphs: [t.what, t.effect], button: t.button }),
  async act(ctx, found, { takeover: t }) {
    await reportTakeover(ctx, found);
    return { title: t.doneTitle, paragraphs: [t.done, t.next], next: { href: resetUrl(ctx), label: t.reset } };
  },
};
