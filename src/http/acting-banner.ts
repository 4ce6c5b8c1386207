import { html } from 'hono/html';
import type { Acting } from '../domain/access.ts';
import type { Texts } from '../texts/languages.ts';
import type { Html } from './page.ts';

/** Enough of a name to see that it is the right customer, and no more for whoever looks over a shoulder: `M… S…`. */
function masked(name: string): string {
  const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const firstOf = (word: string): string => letters.segment(word)[Symbol.iterator]().next().value?.segment ?? '';
  return name
    .split(/\s+/u)
    .filter(Boolean)
    .map((word) => `${firstOf(word)}…`)
    .join(' ');
}

/** On top of a page that is shown to staff who act for a customer: for whom, until when, and a way to end it. */
export function actingBanner(
  t: Texts['pages']['acting'],
  { until, write }: Acting,
  name: string | null | undefined,
): Html {
  const iso = until.toISOString();
  return html`<section class="acting" aria-label="${t.label}">
    <p>
      ${t.what} <strong>${name ? masked(name) : t.unnamed}</strong> ${t.until}
      <time datetime="${iso}" data-clock>${iso.slice(11, 16)} UTC</time>. ${write ? '' : t.readOnly}
    </p>
    <button type="button" class="plain" data-end-acting>${t.end}</button>
  </section>`;
}
