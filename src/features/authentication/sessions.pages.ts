import type { Hono } from 'hono';
import { html } from 'hono/html';
import { type AccountSection, type AccountVisit, accountPath } from '../../http/account-section.ts';
import type { LinkPage } from '../../http/link-page.ts';
import { type Html, textsFor } from '../../http/page.ts';
import { type RouteEnv, routes } from '../../http/route.ts';
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
  return html`<li class="session" aria-labelledby="s-${id}">
    <h3 id="s-${id}">${userAgent ?? t.unknown}${current ? html` <span class="mark">${t.current}</span>` : ''}</h3>
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

async function show({ c, own, language }: AccountVisit): Promise<Html> {
  const { sessions: t, account } = textsFor(language);
  const all = await sessionsOf(c.env.ctx, own.id);
  const others = all.filter(({ current }) => !current);
  return html`<section class="card" aria-labelledby="sessions" data-sessions>
    <h2 id="sessions">${t.title}</h2>
    <p>${t.what}</p>
    <noscript><p class="says" data-kind="wrong">${account.noScript}</p></noscript>
    <ul class="sessions">
      ${[...all.filter(({ current }) => current), ...others].map((session) => row(t, session, language))}
    </ul>
    ${
      others.length
        ? html`<p class="actions"><button type="button" data-end-others>${t.endOthers}</button></p>`
        : html`<p>${t.alone}</p>`
    }
    <p class="says" data-says role="status"></p>
  </section>`;
}

/** Where a customer sees where she is signed in, and ends what is not hers. */
export const sessionSection: AccountSection = {
  heading: ({ language }) => ({ id: 'sessions', title: textsFor(language).sessions.title }),
  show,
};

/** The address that leads to it. */
export function sessionPages(): Hono<RouteEnv> {
  return routes().get('/account/sessions', (c) => c.redirect(`${accountPath}#sessions`));
}

/** What happens at a link by which she says that a sign-in was not hers. */
export const takeoverLink: LinkPage = {
  ask: (_ctx, _link, { takeover: t }) => ({ title: t.title, paragraphs: [t.what, t.effect], button: t.button }),
  async act(ctx, found, { takeover: t }) {
    await reportTakeover(ctx, found);
    return { title: t.doneTitle, paragraphs: [t.done, t.next], next: { href: resetUrl(ctx), label: t.reset } };
  },
};
