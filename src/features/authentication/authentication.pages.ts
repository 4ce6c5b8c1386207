import type { Hono } from 'hono';
import { html } from 'hono/html';
import { answerPage, languageFor, textsFor } from '../../http/page.ts';
import { isAccountAction, outcomeOf } from './account-actions.ts';
import { type RouteContext, type RouteEnv, routes } from '../../http/route.ts';

/** A button for each provider that Keycloak can ask. */
function socialButtons(c: RouteContext) {
  const { with: says } = textsFor(languageFor(c)).social;
  return [...c.env.ctx.config.socialProviders].map(
    ([alias, name]) => html`<a class="button second" href="/auth/login?provider=${alias}">${says} ${name}</a>`,
  );
}

function home(c: RouteContext): Promise<Response> {
  const t = textsFor(languageFor(c));
  const signedIn = c.env.ctx.actor.kind === 'person';
  const actions = signedIn
    ? html`<a class="button" href="/profile">${t.home.toProfile}</a>`
    : html`<a class="button" href="/auth/login">${t.signIn}</a
        ><a class="button second" href="/register">${t.register.title}</a>${socialButtons(c)}`;
  const body = html`<h1>${t.home.title}</h1>
    <p>${t.home.what}</p>
    <section class="card">
      <p>${signedIn ? t.home.signedIn : t.home.signedOut}</p>
      <p class="actions">${actions}</p>
    </section>`;
  return answerPage(c, { title: t.home.title, body, signedIn });
}

/** How a change of her account ended, for whoever named no page to read it on. */
function accountChange(c: RouteContext): Promise<Response> {
  const t = textsFor(languageFor(c)).accountChange;
  const outcome = outcomeOf(c.req.query('status'));
  const action = c.req.query('action') ?? '';
  const done = isAccountAction(action) ? t[action] : '';
  const text = { success: done, cancelled: t.cancelledText, error: t.errorText }[outcome];
  const title = t[outcome];
  const body = html`<h1>${title}</h1>
    <p role="status">${text}</p>
    <p class="actions"><a class="button" href="/profile">${t.back}</a></p>`;
  return answerPage(c, { title, body, signedIn: c.env.ctx.actor.kind === 'person' });
}

/** The start page, and the one that says how a change of the account ended. */
export function authenticationPages(): Hono<RouteEnv> {
  return routes().get('/', home).get('/account-change', accountChange);
}
