import type { Hono } from 'hono';
import { html } from 'hono/html';
import { answerPage, languageFor, textsFor } from '../../http/page.ts';
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
    ? html`<a class="button" href="/account">${t.home.toAccount}</a>`
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

/** The start page. */
export function authenticationPages(): Hono<RouteEnv> {
  return routes().get('/', home);
}
