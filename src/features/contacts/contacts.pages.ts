import { html } from 'hono/html';
import type { AccountSection, AccountVisit, Said } from '../../http/account-section.ts';
import { dayOf } from '../../http/account-section.ts';
import type { LinkPage } from '../../http/link-page.ts';
import { field, form, type Html, textsFor } from '../../http/page.ts';
import type { PendingShown, Person } from '../../read-model/customers.ts';
import type { Texts } from '../../texts/languages.ts';
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

/** One kind of contact, as it stands. */
interface Shown {
  readonly visit: AccountVisit;
  readonly t: T;
  readonly pending: PendingShown | null;
}

function waiting({ visit: { language }, t, pending }: Shown): Html {
  if (!pending) return html``;
  return html`<p class="waits">
    ${t.waits} <strong>${pending.value}</strong> (${t.until} ${dayOf(pending.expiresAt, language)})
  </p>`;
}

const says = html`<p class="says" data-says role="status"></p>`;

function contactForm({ visit: { c, language } }: Shown, channel: 'EMAIL' | 'SMS', attributes: Html, body: Html): Html {
  return form({
    page: c.req.path,
    language,
    attributes: html`data-contact="${channel}" ${attributes} novalidate`,
    body: html`${body}${says}`,
  });
}

function emailForms(shown: Shown): Html {
  const { t, pending } = shown;
  const again = html`<p class="actions"><button type="submit" class="second">${t.linkAgain}</button></p>`;
  const change = html`${field({ name: 'newEmail', label: t.newEmail, hint: t.newEmailHint, type: 'email', required: true, maxLength: 254, autocomplete: 'email' })}
    <p class="actions"><button type="submit" class="second">${t.changeEmail}</button></p>`;
  return html`${waiting(shown)}${pending ? contactForm(shown, 'EMAIL', html`data-does="again"`, again) : ''}
  ${contactForm(shown, 'EMAIL', html`data-does="change"`, change)}`;
}

function phoneForms(shown: Shown): Html {
  const { t, pending } = shown;
  const code = html`${field({ name: 'code', label: t.code, required: true, maxLength: 10, autocomplete: 'one-time-code' })}
    <p class="actions"><button type="submit">${t.giveCode}</button></p>`;
  const again = html`<p class="actions"><button type="submit" class="second">${t.codeAgain}</button></p>`;
  const change = html`${field({ name: 'newPhone', label: t.newPhone, hint: t.newPhoneHint, type: 'tel', required: true, maxLength: 30, autocomplete: 'tel' })}
    <p class="actions"><button type="submit" class="second">${t.changePhone}</button></p>`;
  return html`${waiting(shown)}
  ${
    pending
      ? html`${contactForm(shown, 'SMS', html`data-does="code" data-change="${pending.id}"`, code)}
        ${contactForm(shown, 'SMS', html`data-does="again"`, again)}`
      : ''
  }
  ${contactForm(shown, 'SMS', html`data-does="change"`, change)}`;
}

function numbers(t: T, person: Person | null): Html {
  const phone = person?.phone;
  // One that only waits is said below.
  if (!phone || (!phone.verified && phone.pending)) return html`${t.noPhone}`;
  return html`${phone.number} (${phone.verified ? t.verified : t.unverified})`;
}

async function show(visit: AccountVisit): Promise<Html> {
  const { c, own, language } = visit;
  const person = await c.env.ctx.customers.person(own);
  const t = textsFor(language).account.contacts;
  return html`<section class="card" aria-labelledby="contacts">
    <h2 id="contacts">${t.title}</h2>
    <h3>${t.email}</h3>
    <p>${person?.email ?? ''} (${own.emailVerified ? t.verified : t.unverified})</p>
    ${emailForms({ visit, t, pending: person?.pendingEmail ?? null })}
    <h3>${t.phone}</h3>
    <p>${numbers(t, person)}</p>
    ${phoneForms({ visit, t, pending: person?.pendingPhone ?? null })}
  </section>`;
}

/** What the script has just had done here. */
function said({ c, language }: AccountVisit): Said | undefined {
  const words = textsFor(language).account.contacts.said;
  const done = c.req.query('contact') ?? '';
  return Object.hasOwn(words, done) ? { text: words[done as keyof typeof words], kind: 'good' } : undefined;
}

/** What she is reached by, what of it waits, and how she changes it. */
export const contactSection: AccountSection = {
  heading: ({ language }) => ({ id: 'contacts', title: textsFor(language).account.contacts.title }),
  show,
  said,
};
