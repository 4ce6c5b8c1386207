import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { Acting } from '../../domain/access.ts';
import { StatusConflict } from '../../domain/errors.ts';
import { accountPath, type AccountSection } from '../../http/account-section.ts';
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

/** Whose profile, and on which page. */
interface Shown {
  readonly row: CustomerRow;
  readonly person: Person | null;
  readonly language: Language;
  readonly page: string;
}

function facts(t: T, { row, person, language }: Shown): Html {
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

function editor(t: T, { row, person, language, page }: Shown): Html {
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
  return form({ page, language, attributes, body });
}

/** Her profile as staff see it who act for her; they read their own language. */
async function profileOfAnother(c: RouteContext, acting: Acting): Promise<Response> {
  const { ctx } = c.env;
  const row = await ownCustomer(ctx);
  if (!row) throw new StatusConflict('missing');
  await ctx.customers.noted(row);
  const person = await ctx.customers.person(row);
  const language = languageFor(c);
  const { profile: t, acting: tActing } = textsFor(language);
  const shown = { row, person, language, page: c.req.path };
  const body = html`<h1>${tActing.title}</h1>
    ${facts(t, shown)}${acting.write ? editor(t, shown) : ''}`;
  const banner = actingBanner(tActing, acting, person?.displayName);
  return answerPage(c, { title: tActing.title, body, signedIn: true, language, acting: { id: acting.id, banner } });
}

const profileSection: AccountSection = {
  heading: ({ language }) => ({ id: 'account', title: textsFor(language).profile.account }),
  async show({ c, own: row, language }) {
    const person = await c.env.ctx.customers.person(row);
    const { profile: t } = textsFor(language);
    const shown = { row, person, language, page: c.req.path };
    return html`${facts(t, shown)}${editor(t, shown)}`;
  },
};

async function account(c: RouteContext, others: readonly AccountSection[]): Promise<Response> {
  const { ctx } = c.env;
  if (ctx.actor.kind !== 'person') {
    const returnTo = `${c.req.path}${new URL(c.req.url).search}`;
    return c.redirect(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
  }
  if (ctx.actor.acting) return profileOfAnother(c, ctx.actor.acting);
  const own = await ownCustomer(ctx);
  if (!own) throw new StatusConflict('missing');
  const language = languageFor(c, own.locale);
  const { account: t } = textsFor(language);
  const visit = { c, own, language };
  const sections = [profileSection, ...others];
  const said = sections.map((section) => section.said?.(visit)).find((one) => one !== undefined);
  const links = sections.map((section) => section.heading(visit));
  const body = html`<h1>${t.title}</h1>
    ${said ? html`<p class="said" data-kind="${said.kind}" role="status">${said.text}</p>` : ''}
    <p>${t.what}</p>
    <nav class="within" aria-label="${t.onThisPage}">
      ${links.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}
    </nav>
    ${await Promise.all(sections.map((section) => section.show(visit)))}`;
  return answerPage(c, { title: t.title, body, signedIn: true, language });
}

/**
 * The page where a customer sees and changes all that belongs to her account; what she sees of her profile follows changes
 * made elsewhere. At `/profile` it is the same; to staff who act for her, that is her profile alone.
 *
 * @param others  what the other features show there, in this order
 */
export function accountPages(others: readonly AccountSection[]): Hono<RouteEnv> {
  const page = (c: RouteContext): Promise<Response> =>
    account(c, others).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== 'FORBIDDEN' && !(error instanceof StatusConflict)) throw error;
      return answerNotice(c, { status: 403, text: 'closed' });
    });
  return routes().get(accountPath, page).get('/profile', page);
}
