import { html } from 'hono/html';
import { formToken, tokenField } from './form-token.ts';
import type { Html } from './page.ts';
import type { RouteContext } from './route.ts';

/**
 * A form that the browser itself sends, with or without a script.
 *
 * @param inCard  it stands in a card already
 */
export function plainForm(c: RouteContext, given: { action: string; inCard?: boolean; body: Html }): Html {
  const card = given.inCard ? '' : html`class="card"`;
  return html`<form ${card} method="post" action="${given.action}">
    <input type="hidden" name="${tokenField}" value="${formToken(c.env.ctx) ?? ''}" />
    ${given.body}
  </form>`;
}

/** One field of such a form: what was wrong with it stands beside it. */
export interface PlainField {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly type?: 'text' | 'email' | 'tel';
  readonly value?: string;
  readonly autocomplete?: string;
  readonly inputmode?: 'numeric';
  readonly maxLength?: number;
  readonly wrong?: string | undefined;
}

/** A labelled field; an error is tied to it for those who do not see it. */
export function plainField(given: PlainField): Html {
  const { id, name, label, hint, type = 'text', value = '', autocomplete, inputmode, maxLength, wrong } = given;
  const described = `${hint ? `${id}-hint ` : ''}${id}-error`;
  return html`<div class="field">
    <label for="${id}">${label}</label>
    ${hint ? html`<p class="hint" id="${id}-hint">${hint}</p>` : ''}
    <input
      id="${id}"
      name="${name}"
      type="${type}"
      value="${value}"
      required
      aria-describedby="${described}"
      ${wrong ? html`aria-invalid="true" autofocus` : ''}
      ${autocomplete ? html`autocomplete="${autocomplete}"` : ''}
      ${inputmode ? html`inputmode="${inputmode}"` : ''}
      ${maxLength ? html`maxlength="${maxLength}"` : ''}
    />
    <p class="wrong" id="${id}-error">${wrong ?? ''}</p>
  </div>`;
}

/** What a form brought, by name: text alone, each name once. */
export async function formFields(c: RouteContext): Promise<Readonly<Record<string, string>>> {
  const fields = Object.entries(await c.req.parseBody());
  return Object.fromEntries(fields.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}
