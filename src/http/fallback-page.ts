import { html } from 'hono/html';
import { answerPage, languageFor, textsFor } from './page.ts';
import type { RouteContext } from './route.ts';

/** Where a sign-in at the second issuer begins. */
export const fallbackLogin = '/auth/fallback';

/** What whoever comes while Keycloak is away reads: try again, or another way in, for those who linked it. */
export function offerFallback(c: RouteContext, returnTo: string): Promise<Response> {
  const t = textsFor(languageFor(c));
  const query = new URLSearchParams({ returnTo }).toString();
  const body = html`<h1>${t.fallback.title}</h1>
    <p role="status">${t.fallback.what}</p>
    <p class="actions">
      <a class="button" href="${fallbackLogin}?${query}">${t.fallback.go}</a>
      <a class="button second" href="/auth/login?${query}">${t.errors.again}</a>
      <a href="/">${t.errors.home}</a>
    </p>`;
  c.header('retry-after', '5');
  return answerPage(c, { title: t.fallback.title, body, status: 503 });
}
