import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Hono } from 'hono';
import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { languageOf, languages, type Language, type Texts } from '../texts/languages.ts';
import { type RouteContext, type RouteEnv, routes } from './route.ts';

/** A piece of a page. Values put into the `html` template are escaped. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const mark = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 12);

const marked = (path: string, text: string): string => `${path}?v=${mark(text)}`;
const script = 'text/javascript; charset=utf-8';
const live = read('live.js');

/** The files our pages load. Their addresses change with their content, so that browsers may keep them. */
export const assets = {
  '/assets/style.css': { type: 'text/css; charset=utf-8', text: read('style.css') },
  '/assets/live.js': { type: script, text: live },
  // One module must have one address, or it would run twice.
  '/assets/account.js': {
    type: script,
    text: read('account.js').replace('./live.js', marked('/assets/live.js', live)),
  },
} as const;

const linked = (name: keyof typeof assets): string => marked(name, assets[name].text);

/** Nothing inline, nothing from elsewhere; the live updates go to our own origin. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What every page says of itself. */
export interface Page {
  readonly title: string;
  readonly body: Html;
  readonly status?: number;
  /** Whether somebody is signed in: the page watches her session and offers to sign out. */
  readonly signedIn?: boolean;
  /** Where staff act for a customer: which acting the page's own requests name, and what is said of it on top. */
  readonly acting?: { readonly id: string; readonly banner: Html } | undefined;
  /** The language, where it is not the browser's. */
  readonly language?: Language;
}

/** The texts in the reader's language. */
export const textsFor = (language: Language): Texts['pages'] => languages[language].pages;

/** The language of a page: her own locale if known, else what the browser asks for. */
export function languageFor(c: RouteContext, locale?: string | null): Language {
  return locale ? languageOf(locale) : c.env.ctx.request.language;
}

function navigation(t: Texts['pages'], signedIn: boolean): Html {
  if (!signedIn) {
    return html`<a href="/register">${t.register.title}</a><a href="/auth/login">${t.signIn}</a>`;
  }
  return html`<a href="/account">${t.account.title}</a
    ><button type="button" class="plain" data-sign-out>${t.signOut}</button>`;
}

/** What the script says, since it has no texts of its own. */
function phrases(t: Texts['pages']): HtmlEscapedString {
  const json = JSON.stringify(t.script).replaceAll('<', '\\u003c');
  return raw(`<script type="application/json" id="phrases">${json}</script>`);
}

function document(page: Page, language: Language): Html {
  const t = textsFor(language);
  const signedIn = page.signedIn === true;
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title} · ${t.brand}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${linked('/assets/style.css')}" />
        <script type="module" src="${linked('/assets/live.js')}"></script>
        <script type="module" src="${linked('/assets/account.js')}"></script>
      </head>
      <body ${signedIn ? raw('data-signed-in') : ''} ${page.acting ? html`data-acting="${page.acting.id}"` : ''}>
        <a class="skip" href="#main">${t.skip}</a>
        <header>
          <a class="brand" href="/">${t.brand}</a>
          <nav aria-label="${t.navigation}">${navigation(t, signedIn)}</nav>
        </header>
        ${page.acting?.banner ?? ''}
        <main id="main" tabindex="-1">${page.body}</main>
        <div class="over" role="alert" data-over hidden>
          <p>${t.over.text}</p>
          <a class="button" data-return href="/auth/login">${t.over.again}</a>
        </div>
        ${phrases(t)}
      </body>
    </html>`;
}

/** Answers with a page, in the language of its reader. */
export async function answerPage(c: RouteContext, page: Page): Promise<Response> {
  const language = page.language ?? languageFor(c);
  const headers = new Headers(c.res.headers);
  headers.set('content-type', 'text/html; charset=utf-8');
  headers.set('content-language', language);
  headers.set('content-security-policy', policy);
  headers.set('cache-control', 'no-store');
  headers.append('vary', 'accept-language, cookie');
  const text = await document(page, language);
  return new Response(String(text), { status: page.status ?? 200, headers });
}

/** A page that only says why something did not work. */
export interface Notice {
  readonly status: number;
  readonly text: Exclude<keyof Texts['pages']['errors'], 'title' | 'home' | 'again'>;
  /** Whether signing in again may help. */
  readonly again?: boolean;
  /** Whether the page that stands at this very address may help. */
  readonly back?: boolean;
}

/** Answers with a sentence about what went wrong. */
export function answerNotice(
  c: RouteContext,
  { status, text, again = false, back = false }: Notice,
): Promise<Response> {
  const t = textsFor(languageFor(c)).errors;
  const body = html`<h1>${t.title}</h1>
    <p>${t[text]}</p>
    <p class="actions">
      ${again ? html`<a class="button" href="/auth/login">${t.again}</a>` : ''}
      ${back ? html`<a class="button" href="">${t.again}</a>` : ''}
      <a href="/">${t.home}</a>
    </p>`;
  return answerPage(c, { title: t.title, body, status });
}

/** The stylesheet and the script. They hold nothing of anybody and may be kept for ever, since their addresses change. */
export function assetRoutes(): Hono<RouteEnv> {
  const app = routes();
  for (const [path, { type, text }] of Object.entries(assets)) {
    app.get(path, (c) =>
      c.body(text, 200, { 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' }),
    );
  }
  return app;
}

/**
 * A form of ours. Only the script can send it: what changes something takes no form (`fromOwnPages`). Where the script
 * does not run, `post` keeps what she typed out of the address, and the page's own address answers with a sentence.
 *
 * @param page        the path of the page it stands on
 * @param attributes  what the script needs to know
 */
export function form(given: { page: string; language: Language; attributes: Html; body: Html }): Html {
  return html`<form class="card" method="post" action="${given.page}" ${given.attributes}>
    <noscript><p class="says" data-kind="wrong">${textsFor(given.language).noScript}</p></noscript>
    ${given.body}
  </form>`;
}

/** One field of a form. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly type?: 'text' | 'email' | 'tel' | 'date';
  readonly value?: string;
  readonly required?: boolean;
  readonly maxLength?: number;
  readonly autocomplete?: string;
}

/** A labelled field with its hint and a place for what is wrong with it. */
export function field(given: Field): Html {
  const { name, label, hint, type = 'text', value = '', required = false, maxLength, autocomplete } = given;
  const described = `${hint ? `${name}-hint ` : ''}${name}-error`;
  return html`<div class="field">
    <label for="${name}">${label}</label>
    ${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : ''}
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      value="${value}"
      aria-describedby="${described}"
      ${autocomplete ? html`autocomplete="${autocomplete}"` : ''}
      ${maxLength ? html`maxlength="${maxLength}"` : ''}
      ${required ? 'required' : ''}
    />
    <p class="wrong" id="${name}-error"></p>
  </div>`;
}

/** A labelled choice among a few. */
export function choice(given: {
  name: string;
  label: string;
  value: string;
  options: ReadonlyMap<string, string>;
  autocomplete?: string;
}): Html {
  const options = [...given.options].map(
    ([value, text]) => html`<option value="${value}" ${value === given.value ? 'selected' : ''}>${text}</option>`,
  );
  return html`<div class="field">
    <label for="${given.name}">${given.label}</label>
    <select
      id="${given.name}"
      name="${given.name}"
      aria-describedby="${given.name}-error"
      ${given.autocomplete ? html`autocomplete="${given.autocomplete}"` : ''}
    >
      ${options}
    </select>
    <p class="wrong" id="${given.name}-error"></p>
  </div>`;
}
