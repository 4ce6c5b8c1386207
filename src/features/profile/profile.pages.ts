import type { Hono } from 'hono';
import { html } from 'hono/html';
import { StatusConflict } from '../../domain/errors.ts';
import { actingBanner } from '../../http/acting-banner.ts';
import { countryChoices } from '../../http/countries.ts';
import { answerNotice, answerPage, choice, field, form, type Html, languageFor, textsFor } from '../../http/page.ts';
import { type RouteContext, type RouteEnv, routes } from '../../http/route.ts';
import type { CustomerRow, Person } from '../../read-model/customers.ts';
import { type Language, languages, type Texts } from '../../texts/languages.ts';
import { ownCustomer } from './profile-service.ts';

type T = Texts['pages']['profile'];

const nameOf = (language: string, reader: Language): string =>
  new Intl.DisplayNames([reader], { type: 'language' }).of(language) ?? language;

/** The languages to choose from, hers among them though we may not speak it. */
function choices(reader: Language, current: string): ReadonlyMap<string, string> {
  const tags = [...new Set([...Object.keys(languages), ...(current ? [current] : [])])];
  return new Map(tags.map((tag) => [tag, nameOf(tag, reader)]));
}

function account(t: T, row: CustomerRow, person: Person | null, language: Language): Html {
  const since = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(row.createdAt);
  return html`<section class="card" aria-labelledby="account">
    <h2 id="account">${t.account}</h2>
    <dl>
      <dt>${t.email}</dt>
      <dd><span data-shows="email">${person?.email ?? ''}</span> (${row.emailVerified ? t.verified : t.unverified})</dd>
      <dt>${t.displayName}</dt>
      <dd data-shows="displayName">${person?.displayName ?? ''}</dd>
      <dt>${t.givenName}</dt>
      <dd data-shows="givenName">${person?.givenName ?? ''}</dd>
      <dt>${t.familyName}</dt>
      <dd data-shows="familyName">${person?.familyName ?? ''}</dd>
      <dt>${t.status}</dt>
      <dd data-shows="status" data-names="${JSON.stringify(t.statuses)}">${t.statuses[row.status]}</dd>
      <dt>${t.since}</dt>
      <dd>${since}</dd>
    </dl>
  </section>`;
}

function editor(t: T, row: CustomerRow, person: Person | null, language: Language): Html {
  const name = (key: 'givenName' | 'familyName', autocomplete: string): Html =>
    field({ name: key, label: t[key], value: person?.[key] ?? '', maxLength: 100, autocomplete });
  const locale = row.locale ?? language;
  const body = html`<h2 id="you">${t.you}</h2>
    <div class="pair">${name('givenName', 'given-name')}${name('familyName', 'family-name')}</div>
    ${field({
      name: 'displayName',
      label: t.displayName,
      hint: t.displayNameHint,
      value: person?.displayName ?? '',
      maxLength: 100,
      autocomplete: 'nickname',
    })}
    <div class="pair">
      ${field({ name: 'birthDate', label: t.birthDate, type: 'date', value: person?.birthDate ?? '', autocomplete: 'bday' })}
      ${choice({ name: 'locale', label: t.locale, value: locale, options: choices(language, locale) })}
    </div>
    ${choice({
      name: 'country',
      label: t.country,
      value: row.country ?? '',
      options: new Map([['', t.noCountry], ...countryChoices(language, row.country)]),
      autocomplete: 'country',
    })}
    <p class="actions"><button type="submit">${t.save}</button></p>
    <p class="says" data-says role="status"></p>`;
  const attributes = html`data-profile data-version="${row.version}" novalidate aria-labelledby="you"`;
  return form({ page: '/profile', language, attributes, body });
}

async function profile(c: RouteContext): Promise<Response> {
  const { ctx } = c.env;
  const { acting } = ctx.actor;
  if (ctx.actor.kind !== 'person') {
    const returnTo = `/profile${new URL(c.req.url).search}`;
    return c.redirect(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
  }
  const row = await ownCustomer(ctx);
  if (!row) throw new StatusConflict('missing');
  await ctx.customers.noted(row);
  const person = await ctx.customers.person(row);
  // Staff read their own language.
  const language = languageFor(c, acting ? undefined : row.locale);
  const { profile: t, acting: tActing } = textsFor(language);
  const title = acting ? tActing.title : t.title;
  const body = html`<h1>${title}</h1>
    ${account(t, row, person, language)}${!acting || acting.write ? editor(t, row, person, language) : ''}`;
  const shownFor = acting && {
    id: acting.id,
    banner: actingBanner(tActing, acting, person?.displayName),
  };
  return answerPage(c, { title, body, signedIn: true, language, acting: shownFor });
}

/** The page where a customer sees and changes her profile; it follows changes made elsewhere. */
export function profilePages(): Hono<RouteEnv> {
  return routes().get('/profile', (c) =>
    profile(c).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== 'FORBIDDEN' && !(error instanceof StatusConflict)) throw error;
      return answerNotice(c, { status: 403, text: 'closed' });
    }),
  );
}
