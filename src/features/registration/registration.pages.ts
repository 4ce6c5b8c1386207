import type { Hono } from 'hono';
import { html } from 'hono/html';
import { countryChoices, usualCountry } from '../../http/countries.ts';
import { answerPage, choice, field, form, type Html, languageFor, textsFor } from '../../http/page.ts';
import { ownCookie, type RouteContext, type RouteEnv, routes, setOwnCookie } from '../../http/route.ts';
import type { Language, Texts } from '../../texts/languages.ts';
import { claimIntent, intentNames } from './intent-service.ts';

function fields(pages: Texts['pages'], language: Language): Html {
  const t = pages.register;
  return html`${field({ name: 'email', label: t.email, type: 'email', required: true, maxLength: 254, autocomplete: 'email' })}
    <div class="pair">
      ${field({ name: 'givenName', label: t.givenName, maxLength: 100, autocomplete: 'given-name' })}
      ${field({ name: 'familyName', label: t.familyName, maxLength: 100, autocomplete: 'family-name' })}
    </div>
    <p class="hint">${t.namesHint}</p>
    ${choice({
      name: 'country',
      label: pages.profile.country,
      value: usualCountry[language],
      options: countryChoices(language),
      autocomplete: 'country',
    })}
    <input type="hidden" name="locale" value="${language}" />
    <p class="actions"><button type="submit">${t.submit}</button></p>
    <p class="says" data-says role="alert"></p>`;
}

function register(c: RouteContext): Promise<Response> {
  const language = languageFor(c);
  const pages = textsFor(language);
  const t = pages.register;
  const body = html`<h1>${t.title}</h1>
    <p>${t.what}</p>
    ${form({
      page: '/register',
      language,
      attributes: html`data-post="/auth/register" data-next="/register/sent" novalidate`,
      body: fields(pages, language),
    })}
    <p>${t.have} <a href="/auth/login">${pages.signIn}</a></p>`;
  return answerPage(c, { title: t.title, body });
}

/** Says the same whether or not the address is known. */
function sent(c: RouteContext): Promise<Response> {
  const t = textsFor(languageFor(c)).register;
  const body = html`<h1>${t.sentTitle}</h1>
    <div class="card">
      <p>${t.sent}</p>
      <p class="hint">${t.sentNothing}</p>
    </div>`;
  return answerPage(c, { title: t.sentTitle, body });
}

/** After a sign-in: takes over what she typed in this browser, or asks her whether the names are hers. */
async function welcome(c: RouteContext): Promise<Response> {
  const { ctx } = c.env;
  if (ctx.actor.kind !== 'person') return c.redirect('/auth/login');
  const own = await ctx.customers.own();
  if (!own || own.view !== 'self') return c.redirect('/profile');
  const browserSecret = ownCookie(c, 'registration');
  if (browserSecret) {
    await claimIntent(ctx, { customerId: own.id, browserSecret });
    setOwnCookie(c, 'registration', '', 0);
  }
  const names = await intentNames(ctx, own.id);
  if (!names) return c.redirect('/profile');
  const language = languageFor(c, own.locale);
  const t = textsFor(language).welcome;
  const body = html`<h1>${t.title}</h1>
    <p>${t.what}</p>
    ${form({
      page: '/welcome',
      language,
      attributes: html`data-post="/auth/register/names" data-next="/profile"`,
      body: html`<p><strong>${[names.givenName, names.familyName].filter(Boolean).join(' ')}</strong></p>
        <p class="actions">
          <button type="submit" name="hers" value="yes">${t.yes}</button
          ><button type="submit" name="hers" value="no" class="second">${t.no}</button>
        </p>
        <p class="says" data-says role="alert"></p>`,
    })}`;
  return answerPage(c, { title: t.title, body, signedIn: true, language });
}

/** The pages around registering: the form, and what comes after it. */
export function registrationPages(): Hono<RouteEnv> {
  return routes().get('/register', register).get('/register/sent', sent).get('/welcome', welcome);
}
