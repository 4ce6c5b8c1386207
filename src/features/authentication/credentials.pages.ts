import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { AccountSection, AccountVisit, Said } from '../../http/account-section.ts';
import { accountPath, dayOf } from '../../http/account-section.ts';
import { type Html, textsFor } from '../../http/page.ts';
import { formFields, plainForm } from '../../http/plain-form.ts';
import { type RouteContext, type RouteEnv, routes } from '../../http/route.ts';
import type { KeycloakCredential } from '../../platform/keycloak-credentials.ts';
import { isSteppedUp, stepUpUrl } from '../../read-model/step-up.ts';
import type { Language, Texts } from '../../texts/languages.ts';
import { type AccountAction, isAccountAction, outcomeOf } from './account-actions.ts';
import { meansOf, type OwnMeans } from './own-means.ts';
import { unlink } from './unlink.ts';

type T = Texts['pages']['account'];

const linksPath = '/account/links';

/** A kind that the pages have words of their own for. */
const hasName = (t: T, kind: string | undefined): kind is keyof T['factors']['kinds'] =>
  kind !== undefined && Object.hasOwn(t.factors.kinds, kind);

const pathOf = (action: AccountAction, credential?: string): string =>
  `/auth/action/${action}?${new URLSearchParams({ ...(credential ? { credential } : {}), returnTo: accountPath })}`;

function item(t: T, name: string, { id, label, createdAt }: KeycloakCredential, language: Language): Html {
  return html`<li class="thing">
    <p id="k-${id}">
      <strong>${name}</strong>${label ? html` <span class="label">${label}</span>` : ''}
      <span class="hint">${t.factors.since} ${dayOf(createdAt, language)}</span>
    </p>
    <a class="button second small" href="${pathOf('remove', id)}" aria-describedby="k-${id}">${t.factors.remove}</a>
  </li>`;
}

function passwordCard(t: T, { password }: OwnMeans, language: Language): Html {
  const words = t.password;
  return html`<section class="card" aria-labelledby="password">
    <h2 id="password">${words.title}</h2>
    <p>${password ? html`${words.since}: ${dayOf(password.createdAt, language)}` : words.none}</p>
    <p class="actions">
      <a class="button second" href="${pathOf('password')}">${password ? words.change : words.set}</a>
    </p>
  </section>`;
}

function additions(t: T, { factors }: OwnMeans, sms: boolean): Html {
  const { adds, renewCodes } = t.factors;
  const names: readonly (keyof typeof adds)[] = [
    'passkey',
    'totp',
    ...(sms ? (['sms'] as const) : []),
    'recovery-codes',
  ];
  const hasCodes = factors.some(({ kind }) => kind === 'RECOVERY_CODES');
  const textOf = (name: keyof typeof adds): string => (name === 'recovery-codes' && hasCodes ? renewCodes : adds[name]);
  return html`<ul class="adds">
    ${names.map((name) => html`<li><a class="button second" href="${pathOf(name)}">${textOf(name)}</a></li>`)}
  </ul>`;
}

function factorCard(t: T, means: OwnMeans, language: Language, sms: boolean): Html {
  const { title, what, none, kinds, add } = t.factors;
  const nameOf = ({ kind }: KeycloakCredential): string => (hasName(t, kind) ? kinds[kind] : kinds.OTHER);
  const items = means.factors.map((factor) => item(t, nameOf(factor), factor, language));
  return html`<section class="card" aria-labelledby="factors">
    <h2 id="factors">${title}</h2>
    <p>${what}</p>
    ${
      items.length
        ? html`<ul class="things">
            ${items}
          </ul>`
        : html`<p>${none}</p>`
    }
    <h3>${add}</h3>
    ${additions(t, means, sms)}
  </section>`;
}

function deviceCard(t: T, { devices }: OwnMeans, language: Language): Html {
  if (!devices.length) return html``;
  const { title, what, device } = t.devices;
  return html`<section class="card" aria-labelledby="devices">
    <h2 id="devices">${title}</h2>
    <p>${what}</p>
    <ul class="things">
      ${devices.map((one) => item(t, device, one, language))}
    </ul>
  </section>`;
}

/** The way to take it away; without a fresh proof, the way to give one. */
function unlinkForm(c: RouteContext, t: T, provider: string, fresh: boolean): Html {
  const words = html`aria-describedby="l-${provider}"`;
  if (!fresh) {
    const href = stepUpUrl(c.env.ctx, accountPath);
    return html`<a class="button second small" href="${href}" ${words}>${t.factors.remove}</a>`;
  }
  const button = html`<button type="submit" class="second small" name="provider" value="${provider}" ${words}>
    ${t.factors.remove}
  </button>`;
  return plainForm(c, { action: linksPath, inCard: true, body: button });
}

function linkCard(c: RouteContext, t: T, { links }: OwnMeans, fresh: boolean): Html {
  const names = c.env.ctx.config.socialProviders;
  const linked = new Set(links.map(({ provider }) => provider));
  const offered = [...names].filter(([alias]) => !linked.has(alias));
  if (!links.length && !offered.length) return html``;
  return html`<section class="card" aria-labelledby="links">
    <h2 id="links">${t.links.title}</h2>
    <p>${t.links.what}</p>
    <ul class="things">
      ${[...linked].map(
        (alias) =>
          html`<li class="thing">
            <p id="l-${alias}"><strong>${names.get(alias) ?? alias}</strong></p>
            ${unlinkForm(c, t, alias, fresh)}
          </li>`,
      )}
    </ul>
    ${
      offered.length
        ? html`<ul class="adds">
            ${offered.map(
              ([alias, name]) =>
                html`<li><a class="button second" href="${pathOf('link', alias)}">${t.links.add} ${name}</a></li>`,
            )}
          </ul>`
        : ''
    }
  </section>`;
}

async function removeLink(c: RouteContext): Promise<Response> {
  const { ctx } = c.env;
  const own = await ctx.customers.own();
  if (!own || !(await isSteppedUp(ctx))) return c.redirect(stepUpUrl(ctx, accountPath), 303);
  const { provider = '' } = await formFields(c);
  const outcome = await unlink(ctx, own.id, provider);
  return c.redirect(`${accountPath}?action=remove&status=${outcome === 'done' ? 'success' : outcome}`, 303);
}

/** Where the page takes an account at a provider away. */
export function credentialPages(): Hono<RouteEnv> {
  return routes().post(linksPath, removeLink);
}

/** While Keycloak does not answer, the rest of the page stands all the same. */
async function show({ c, own, language }: AccountVisit): Promise<Html> {
  const t = textsFor(language).account;
  const means = await meansOf(c.env.ctx, own.id);
  if (!means) {
    return html`<section class="card" aria-labelledby="password">
      <h2 id="password">${t.password.title}</h2>
      <p role="status">${t.unavailable}</p>
    </section>`;
  }
  const sms = c.env.ctx.config.sms.gateway !== undefined;
  return html`${passwordCard(t, means, language)}${factorCard(t, means, language, sms)}
  ${deviceCard(t, means, language)}${linkCard(c, t, means, await isSteppedUp(c.env.ctx))}`;
}

/** How an action at Keycloak ended, of which she comes back. */
function said({ c, language }: AccountVisit): Said | undefined {
  const [action, status] = [c.req.query('action'), c.req.query('status')];
  if (action === undefined || status === undefined) return undefined;
  const words = textsFor(language).account.said;
  if (status === 'last') return { text: words.last, kind: 'wrong' };
  const outcome = outcomeOf(status);
  if (outcome !== 'success') return { text: words[outcome], kind: outcome === 'error' ? 'wrong' : 'good' };
  const known = isAccountAction(action) && Object.hasOwn(words, action);
  return { text: known ? words[action as keyof typeof words] : words.other, kind: 'good' };
}

/** Her password, her second factors, and what else she signs in with, as Keycloak has them now. */
export const credentialSection: AccountSection = {
  heading: ({ language }) => ({ id: 'password', title: textsFor(language).account.signIn }),
  show,
  said,
};
