import type { Hono } from 'hono';
import { html } from 'hono/html';
import { RateLimited } from '../../domain/errors.ts';
import { answerPage, type Html, languageFor, textsFor } from '../../http/page.ts';
import { formFields, plainField, plainForm } from '../../http/plain-form.ts';
import { type RouteContext, type RouteEnv, routes } from '../../http/route.ts';
import { isSteppedUp, stepUpUrl } from '../../read-model/step-up.ts';
import type { Texts } from '../../texts/languages.ts';
import { proveByCode, sendStepUpCode, wayToProve } from './email-proof.ts';
import { localPath } from './pending-sign-ins.ts';

type T = Texts['pages']['stepUp'];

/** What went wrong with what she typed, or pressed. */
type Trouble = 'wrong' | 'over' | 'soon';

const path = '/auth/step-up';
const hereFor = (returnTo: string): string => `${path}?returnTo=${encodeURIComponent(returnTo)}`;
const hidden = (returnTo: string): Html => html`<input type="hidden" name="returnTo" value="${returnTo}" />`;

function codeForm(c: RouteContext, t: T, returnTo: string, wrong?: string): Html {
  const field = { id: 'code', name: 'code', label: t.code, hint: t.codeHint, maxLength: 16 } as const;
  const body = html`${hidden(returnTo)}
    ${plainField({ ...field, autocomplete: 'one-time-code', inputmode: 'numeric', wrong })}
    <p class="actions"><button type="submit" name="do" value="prove">${t.prove}</button></p>`;
  return plainForm(c, { action: path, body });
}

function sendForm(c: RouteContext, t: T, returnTo: string, button: string): Html {
  const body = html`${hidden(returnTo)}
    <p>${t.sends}</p>
    <p class="actions"><button type="submit" name="do" value="send">${button}</button></p>`;
  return plainForm(c, { action: path, body });
}

async function answer(
  c: RouteContext,
  given: { returnTo: string; waiting: boolean; usable: boolean; trouble?: Trouble | undefined },
): Promise<Response> {
  const { returnTo, waiting, usable, trouble } = given;
  const language = languageFor(c, (await c.env.ctx.customers.own())?.locale);
  const t = textsFor(language).stepUp;
  const wrong = trouble === 'wrong' || trouble === 'over' ? t[trouble] : undefined;
  const forms = waiting
    ? html`${codeForm(c, t, returnTo, wrong)}${sendForm(c, t, returnTo, t.resend)}`
    : sendForm(c, t, returnTo, t.send);
  const says = trouble === 'soon' ? t.soon : waiting ? t.sent : t.what;
  const body = html`<h1>${t.title}</h1>
    <p role="status">${usable ? says : t.unproven}</p>
    ${usable ? forms : html`<p class="actions"><a class="button" href="${returnTo}">${t.back}</a></p>`}`;
  const status = usable ? (trouble === 'soon' ? 429 : trouble ? 422 : 200) : 403;
  return answerPage(c, { title: t.title, body, signedIn: true, language, status });
}

/** Where she goes instead; undefined when this page is for her. */
async function elsewhere(c: RouteContext, returnTo: string): Promise<Response | undefined> {
  const { ctx } = c.env;
  if (ctx.actor.kind !== 'person') return c.redirect(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
  return (await isSteppedUp(ctx)) ? c.redirect(returnTo) : undefined;
}

async function show(c: RouteContext, returnTo: string, trouble?: Trouble): Promise<Response> {
  const gone = await elsewhere(c, returnTo);
  if (gone) return gone;
  const { way, waiting } = await wayToProve(c.env.ctx);
  if (way === 'better') return c.redirect(stepUpUrl(c.env.ctx, returnTo));
  return answer(c, { returnTo, waiting, usable: way === 'code', trouble });
}

async function act(c: RouteContext): Promise<Response> {
  const { ctx } = c.env;
  const { do: wish, code = '', returnTo: given } = await formFields(c);
  const returnTo = localPath(given, ctx.config.server.publicUrl, '/');
  const gone = await elsewhere(c, returnTo);
  if (gone) return gone;
  if (wish === 'send') {
    const sent = await sendStepUpCode(ctx).then(
      () => true,
      (error: unknown) => {
        if (error instanceof RateLimited) return false;
        throw error;
      },
    );
    // Whoever loads the page anew has no second code sent by that.
    return sent ? c.redirect(hereFor(returnTo), 303) : show(c, returnTo, 'soon');
  }
  const outcome = await proveByCode(ctx, code);
  return outcome === 'right' ? c.redirect(returnTo, 303) : show(c, returnTo, outcome);
}

/** The page where whoever has neither password nor factor proves herself by a code to her address. */
export function stepUpPages(): Hono<RouteEnv> {
  return routes()
    .get(path, (c) => show(c, localPath(c.req.query('returnTo'), c.env.ctx.config.server.publicUrl, '/')))
    .post(path, act);
}
