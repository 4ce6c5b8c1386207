import { html } from 'hono/html';
import { type AccountSection, type AccountVisit, contactsPath, dayOf } from '../../http/account-section.ts';
import type { LinkPage } from '../../http/link-page.ts';
import { type Html, textsFor } from '../../http/page.ts';
import type { PendingShown, Person } from '../../read-model/customers.ts';
import type { Language, Texts } from '../../texts/languages.ts';
import { confirmContactChange, revertContactChange } from './contact-links.ts';

/** The page of the link by which a new contact is proven. */
export const contactProofPage: LinkPage = {
  ask: (_ctx, _link, { contacts: { proof } }) => proof,
  async act(ctx, { token }, { contacts: { proof } }) {
    await confirmContactChange(ctx, token);
    return { title: proof.doneTitle, paragraphs: proof.done, next: { href: '/account', label: proof.next } };
  },
};

/** The page of the link by which a change of contact is undone. */
export const contactRevertPage: LinkPage = {
  ask: (_ctx, _link, { contacts: { revert } }) => revert,
  async act(ctx, { token }, { contacts: { revert } }) {
    await revertContactChange(ctx, token);
    return { title: revert.doneTitle, paragraphs: revert.done, next: { href: '/auth/login', label: revert.next } };
  },
};

type T = Texts['pages']['account']['contacts'];

function waiting(t: T, language: Language, pending: PendingShown | null | undefined): Html {
  if (!pending) return html``;
  return html`<p class="waits">
    ${t.waits} <strong>${pending.value}</strong> (${t.until} ${dayOf(pending.expiresAt, language)})
  </p>`;
}

function numbers(t: T, person: Person | null): Html {
  const phone = person?.phone;
  // One that only waits is said below.
  if (!phone || (!phone.verified && phone.pending)) return html`${t.noPhone}`;
  return html`${phone.number} (${phone.verified ? t.verified : t.unverified})`;
}

async function show({ c, own, language }: AccountVisit): Promise<Html> {
  const person = await c.env.ctx.customers.person(own);
  const t = textsFor(language).account.contacts;
  return html`<section class="card" aria-labelledby="contacts">
    <h2 id="contacts">${t.title}</h2>
    <h3>${t.email}</h3>
    <p>${person?.email ?? ''} (${own.emailVerified ? t.verified : t.unverified})</p>
    ${waiting(t, language, person?.pendingEmail)}
    <h3>${t.phone}</h3>
    <p>${numbers(t, person)}</p>
    ${waiting(t, language, person?.pendingPhone)}
    <p class="actions"><a class="button second" href="${contactsPath}">${t.change}</a></p>
  </section>`;
}

/** What she is reached by, and what of it waits. */
export const contactSection: AccountSection = {
  heading: ({ language }) => ({ id: 'contacts', title: textsFor(language).account.contacts.title }),
  show,
};
