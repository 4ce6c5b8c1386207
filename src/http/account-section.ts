import { html } from 'hono/html';
import type { CustomerRow } from '../read-model/customers.ts';
import type { Language } from '../texts/languages.ts';
import type { Html } from './page.ts';
import type { RouteContext } from './route.ts';

/** A customer who looks at her account. */
export interface AccountVisit {
  readonly c: RouteContext;
  /** Her own row. */
  readonly own: CustomerRow;
  readonly language: Language;
}

/** A sentence on top of the page: what she has just done. */
export interface Said {
  readonly text: string;
  readonly kind: 'good' | 'wrong';
}

/** What one feature shows of her account. */
export interface AccountSection {
  /** The id of its heading, and what the heading says. */
  readonly heading: (visit: AccountVisit) => { readonly id: string; readonly title: string };
  readonly show: (visit: AccountVisit) => Promise<Html>;
  /** What the query tells of something that is just done here. */
  readonly said?: (visit: AccountVisit) => Said | undefined;
}

/** The page, as a place to come back to. */
export const accountPath = '/account';
/** Where she changes what she is reached by. */
export const contactsPath = '/account/contacts';

/** A day in her language. */
export function dayOf(at: Date, language: Language): Html {
  const text = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }).format(at);
  return html`<time datetime="${at.toISOString()}">${text}</time>`;
}
