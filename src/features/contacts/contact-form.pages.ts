import { randomUUID } from 'node:crypto';
import type { Hono } from 'hono';
import { html } from 'hono/html';
import { contactOf, type OwnContacts } from './contacts.reads.ts';
import {
  LastContact,
  NotFound,
  RateLimited,
  StatusConflict,
  StepUpRequired,
  Unavailable,
  ValidationFailed,
} from '../../domain/errors.ts';
import { accountPath, contactsPath } from '../../http/account-section.ts';
import { answerNotice, answerPage, type Html, languageFor, textsFor } from '../../http/page.ts';
import { formFields, plainField, plainForm } from '../../http/plain-form.ts';
import { type RouteContext, type RouteEnv, routes } from '../../http/route.ts';
import { isSteppedUp, stepUpUrl } from '../../read-model/step-up.ts';
import type { Language, Texts } from '../../texts/languages.ts';
import { confirmByCode } from './contact-codes.ts';
import { requestContactChange, resendVerification } from './contact-service.ts';

type T = Texts['pages']['contactForm'];
/** What she asks for by a button. */
type Wish = 'email' | 'phone' | 'remove-phone' | 'code' | 'resend-email' | 'resend-phone';

const path = contactsPath;
const hereFor = (said: keyof T['said']): string => `${path}?said=${said}`;

/** What went wrong, at which of the forms, and what she had typed. */
interface Trouble {
  readonly wish: string;
  readonly text: string;
  readonly status: number;
  readonly typed?: string | undefined;
}

interface Shown {
  readonly t: T;
  readonly language: Language;
  readonly own: OwnContacts;
  /** Whether she may change something without another proof. */
  readonly fresh: boolean;
  readonly trouble?: Trouble | undefined;
}

const wrongAt = ({ trouble }: Shown, wish: Wish): string | undefined =>
  trouble?.wish === wish ? trouble.text : undefined;
const typedAt = ({ trouble }: Shown, wish: Wish): string => (trouble?.wish === wish ? (trouble.typed ?? '') : '');

function untilOf({ language, t }: Shown, until: Date): Html {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
  return html`${t.until} <time datetime="${until.toISOString()}">${format.format(until)} UTC</time>`;
}

/** A button alone; what is wrong with pressing it stands below. */
function press(c: RouteContext, shown: Shown, wish: Wish, label: string): Html {
  const wrong = wrongAt(shown, wish);
  const body = html`<input type="hidden" name="key" value="${randomUUID()}" />
    <p class="actions"><button type="submit" class="second" name="do" value="${wish}">${label}</button></p>
    ${wrong ? html`<p class="wrong" role="alert">${wrong}</p>` : ''}`;
  return plainForm(c, { action: path, inCard: true, body });
}

/** A field for another contact; without a fresh proof, the way to give one. */
function changeForm(c: RouteContext, shown: Shown, wish: 'email' | 'phone', label: string): Html {
  const { t, fresh } = shown;
  if (!fresh) {
    const href = stepUpUrl(c.env.ctx, path);
    return html`<p class="actions"><a class="button second" href="${href}">${label}</a></p>`;
  }
  const kind = wish === 'email' ? 'email' : 'tel';
  const hint = wish === 'phone' ? { hint: t.phoneHint } : {};
  const body = html`<input type="hidden" name="key" value="${randomUUID()}" />
    ${plainField({
      id: `new-${wish}`,
      name: 'value',
      label: t.fields[wish],
      type: kind,
      autocomplete: kind,
      maxLength: 254,
      value: typedAt(shown, wish),
      wrong: wrongAt(shown, wish),
      ...hint,
    })}
    <p class="actions"><button type="submit" name="do" value="${wish}">${label}</button></p>`;
  return plainForm(c, { action: path, inCard: true, body });
}

function emailSection(c: RouteContext, shown: Shown): Html {
  const { t, own } = shown;
  const { email, pendingEmail: pending } = own;
  const resend = pending || (email && !email.verified);
  return html`<section class="card" aria-labelledby="email">
    <h2 id="email">${t.email}</h2>
    <p>${email ? html`<strong>${email.address}</strong> (${email.verified ? t.verified : t.unverified})` : t.none}</p>
    ${pending ? html`<p>${t.emailWaits} <strong>${pending.value}</strong>, ${untilOf(shown, pending.expiresAt)}.</p>` : ''}
    ${resend ? press(c, shown, 'resend-email', t.resendLink) : ''} ${changeForm(c, shown, 'email', t.changeEmail)}
  </section>`;
}

function codeForm(c: RouteContext, shown: Shown): Html {
  const { t } = shown;
  const field = { id: 'code', name: 'code', label: t.fields.code, hint: t.codeHint, maxLength: 16 } as const;
  const body = html`${plainField({ ...field, autocomplete: 'one-time-code', inputmode: 'numeric', wrong: wrongAt(shown, 'code') })}
    <p class="actions"><button type="submit" name="do" value="code">${t.confirm}</button></p>`;
  return html`${plainForm(c, { action: path, inCard: true, body })}${press(c, shown, 'resend-phone', t.resendCode)}`;
}

function removeForm(c: RouteContext, shown: Shown): Html {
  const { t, fresh } = shown;
  if (fresh) return press(c, shown, 'remove-phone', t.removePhone);
  return html`<p class="actions">
    <a class="button second" href="${stepUpUrl(c.env.ctx, path)}">${t.removePhone}</a>
  </p>`;
}

function phoneSection(c: RouteContext, shown: Shown): Html {
  const { t, own } = shown;
  const { phone, pendingPhone: pending } = own;
  return html`<section class="card" aria-labelledby="phone">
    <h2 id="phone">${t.phone}</h2>
    <p>
      ${phone ? html`<strong>${phone.international}</strong> (${phone.verified ? t.verified : t.unverified})` : t.none}
    </p>
    ${
      pending
        ? html`<p>${t.phoneWaits} <strong>${pending.international}</strong>, ${untilOf(shown, pending.expiresAt)}.</p>
            ${codeForm(c, shown)}`
        : ''
    }
    ${changeForm(c, shown, 'phone', phone ? t.changePhone : t.addPhone)} ${phone ? removeForm(c, shown) : ''}
  </section>`;
}

const isSaid = (t: T, said: string | undefined): said is keyof T['said'] =>
  said !== undefined && Object.hasOwn(t.said, said);

async function show(c: RouteContext, trouble?: (t: Texts['pages']) => Trouble): Promise<Response> {
  const { ctx } = c.env;
  const own = await contactOf(ctx);
  if (!own) return answerNotice(c, { status: 403, text: 'closed' });
  const language = languageFor(c, own.locale);
  const pages = textsFor(language);
  const t = pages.contactForm;
  const what = trouble?.(pages);
  const shown: Shown = { t, language, own, fresh: await isSteppedUp(ctx), trouble: what };
  const said = c.req.query('said');
  const body = html`<h1>${t.title}</h1>
    <p>${t.what}</p>
    <p role="status">${what ? t.wrong : isSaid(t, said) ? t.said[said] : ''}</p>
    ${emailSection(c, shown)}${phoneSection(c, shown)}
    <p><a href="${accountPath}">${t.back}</a></p>`;
  return answerPage(c, { title: t.title, body, signedIn: true, language, status: what?.status ?? 200 });
}

/** What she reads beside the field; undefined for what is no fault of what she typed. */
function troubleOf(error: unknown, t: Texts['pages']): Pick<Trouble, 'text' | 'status'> | undefined {
  const { rules } = t.contactForm;
  if (error instanceof ValidationFailed) {
    const rule = error.issues[0]?.rule ?? '';
    return { status: 422, text: Object.hasOwn(rules, rule) ? rules[rule as keyof typeof rules] : t.script.invalid };
  }
  if (error instanceof LastContact) return { status: 422, text: rules.email };
  if (error instanceof NotFound) return { status: 422, text: rules.code_over };
  if (error instanceof RateLimited) return { status: 429, text: t.script.limited };
  if (error instanceof StatusConflict) return { status: 409, text: t.errors.closed };
  return error instanceof Unavailable ? { status: 503, text: t.script.unavailable } : undefined;
}

async function carryOut(
  c: RouteContext,
  wish: string,
  fields: Readonly<Record<string, string>>,
): Promise<keyof T['said']> {
  const { ctx } = c.env;
  const { value = '', key: idempotencyKey = '', code = '' } = fields;
  switch (wish) {
    case 'email':
      await requestContactChange(ctx, { channel: 'EMAIL', value, idempotencyKey }, path);
      return 'email';
    case 'phone': {
      if (!value.trim()) throw new ValidationFailed([{ path: ['value'], rule: 'phone', message: 'No number.' }]);
      await requestContactChange(ctx, { channel: 'SMS', value, idempotencyKey }, path);
      return 'phone';
    }
    case 'remove-phone':
      await requestContactChange(ctx, { channel: 'SMS', value: '', idempotencyKey }, path);
      return 'removed';
    case 'code':
      await confirmByCode(ctx, { code });
      return 'confirmed';
    case 'resend-email':
    case 'resend-phone':
      await resendVerification(ctx, wish === 'resend-email' ? 'EMAIL' : 'SMS');
      return wish === 'resend-email' ? 'email' : 'phone';
    default:
      throw new NotFound();
  }
}

const signInFirst = (c: RouteContext): Response => c.redirect(`/auth/login?returnTo=${encodeURIComponent(path)}`, 303);

async function act(c: RouteContext): Promise<Response> {
  const { ctx } = c.env;
  if (ctx.actor.kind !== 'person') return signInFirst(c);
  const fields = await formFields(c);
  const wish = fields['do'] ?? '';
  try {
    return c.redirect(hereFor(await carryOut(c, wish, fields)), 303);
  } catch (error) {
    if (error instanceof StepUpRequired) return c.redirect(error.authUrl, 303);
    const language = ctx.request.language;
    if (!troubleOf(error, textsFor(language))) throw error;
    return show(c, (t) => ({ wish, typed: fields['value'], status: 422, text: '', ...troubleOf(error, t) }));
  }
}

/** The page where a customer changes what she is reached by; it works without a script. */
export function contactPages(): Hono<RouteEnv> {
  return routes()
    .get(path, async (c) => (c.env.ctx.actor.kind === 'person' ? show(c) : signInFirst(c)))
    .post(path, act);
}
