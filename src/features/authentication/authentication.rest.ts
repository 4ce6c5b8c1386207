import type { Hono } from 'hono';
import { decodeJwt } from 'jose';
import { ContactInUse, DomainError, StatusConflict, Unavailable } from '../../domain/errors.ts';
import { parseHandle, type SessionHandle } from '../../domain/session-token.ts';
import { fallbackLogin, offerFallback } from '../../http/fallback-page.ts';
import { answerNotice, type Notice } from '../../http/page.ts';
import {
  isForm,
  ownCookie,
  problem,
  retryAfter,
  type RouteContext,
  type RouteEnv,
  routes,
  setOwnCookie,
} from '../../http/route.ts';
import type { Clock } from '../../platform/clock.ts';
import { accountPath, contactsPath } from '../../http/account-section.ts';
import type { Config } from '../../platform/config.ts';
import { isSteppedUp, stepUpUrl } from '../../read-model/step-up.ts';
import { adds, isAccountAction, outcomeOf, outcomePath, providerAction } from './account-actions.ts';
import { acceptLogoutToken, signIn } from './authentication-service.ts';
import { hasNoProof, provesByCode } from './email-proof.ts';
import { createFallbackProvider, fallbackCallback, isNeeded } from './fallback-provider.ts';
import { type AuthorizationWish, createProvider, type Provider, ProviderRefused } from './oidc.ts';
import {
  beginSignIn,
  createPendingSignIns,
  localPath,
  type PendingSignIn,
  type PendingSignIns,
  pendingSeconds,
} from './pending-sign-ins.ts';
import { type BrowserSession, refreshSession, sessionOf, signOut } from './session-service.ts';

interface Room {
  readonly provider: Provider;
  readonly pending: PendingSignIns;
}

/** Where whoever comes without a wish goes first: it offers what she typed when she registered, then her profile. */
const standardReturn = '/welcome';
/** Where whoever changed her account without a wish reads how it ended. */
const actionDone = accountPath;
const roundSeconds = 5;
/** What one can prove anew: the password, or a second factor (contracts: access, "Step-up"). */
const strong = '2';
const levels = ['1', strong];
/** Where she proves herself by a code to her address. */
const codePage = (returnTo: string): string => `/auth/step-up?returnTo=${encodeURIComponent(returnTo)}`;
/** Marks a sign-in that began because an answer came without its cookie, so that a browser without cookies does not go round for ever. */
const again = '.again';

const handleOf = (c: RouteContext): SessionHandle | undefined => parseHandle(ownCookie(c, 'refresh'));

function setSession(c: RouteContext, session: BrowserSession): void {
  const { accessToken, accessEndsAt, handle, endsAt } = session;
  const left = (until: Date): number => (until.getTime() - c.env.ctx.clock.now().getTime()) / 1000;
  setOwnCookie(c, 'access', accessToken, left(accessEndsAt));
  setOwnCookie(c, 'refresh', handle, left(endsAt));
}

function clearSession(c: RouteContext): void {
  setOwnCookie(c, 'access', '', 0);
  setOwnCookie(c, 'refresh', '', 0);
}

function keepPending(c: RouteContext, { pending }: Room, signIns: readonly PendingSignIn[]): void {
  setOwnCookie(c, 'login', pending.write(signIns), signIns.length ? pendingSeconds : 0);
}

function told(session: Pick<BrowserSession, 'customerId' | 'endsAt'>, refreshBy: Date): object {
  return { signedIn: true, customerId: session.customerId, expiresAt: session.endsAt, refreshBy };
}

/** What the person reads when a sign-in fails; undefined for faults of ours. */
function noticeOf(error: unknown): Notice | undefined {
  if (error instanceof ContactInUse) return { status: 409, text: 'addressInUse' };
  if (error instanceof StatusConflict) return { status: 403, text: 'closed' };
  if (error instanceof ProviderRefused) return { status: 400, text: 'refused', again: true };
  if (error instanceof Unavailable) return { status: 503, text: 'unavailable', again: true };
  return error instanceof DomainError ? { status: 403, text: 'refused', again: true } : undefined;
}

async function orNotice(c: RouteContext, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    const notice = noticeOf(error);
    if (!notice) throw error;
    const seconds = retryAfter(error);
    if (seconds !== undefined) c.header('retry-after', String(seconds));
    return answerNotice(c, notice);
  }
}

/** A browser that has a session still needs no page of the provider. */
async function resumed(c: RouteContext, { provider }: Room): Promise<boolean> {
  const handle = handleOf(c);
  const refreshed = handle && (await refreshSession(c.env.ctx, provider, handle));
  if (!refreshed || !('session' in refreshed)) return false;
  setSession(c, refreshed.session);
  return true;
}

/** A token that we have only just handed out is not accepted: to send the browser round once more would not end. */
function goesRound(c: RouteContext): boolean {
  const token = ownCookie(c, 'access');
  if (!token || c.env.ctx.actor.kind !== 'nobody') return false;
  try {
    const { iat = 0 } = decodeJwt(token);
    return c.env.ctx.clock.now().getTime() / 1000 - iat < roundSeconds;
  } catch {
    return false;
  }
}

async function depart(
  c: RouteContext,
  room: Room,
  signIn: PendingSignIn,
  wish: Omit<AuthorizationWish, 'language'>,
): Promise<Response> {
  const { language } = c.env.ctx.request;
  const provider = (signIn.fallback && room.provider.fallback) || room.provider;
  // A browser that is sent to a provider that is down or hung sees nothing of ours, nor comes back by itself.
  await provider.mustAnswer();
  keepPending(c, room, [...room.pending.read(ownCookie(c, 'login')), signIn]);
  return c.redirect(String(await provider.authorizationUrl(signIn, { ...wish, language })));
}

async function login(c: RouteContext, room: Room): Promise<Response> {
  const { actor, clock, config } = c.env.ctx;
  if (goesRound(c)) {
    clearSession(c);
    throw new Unavailable(roundSeconds);
  }
  const returnTo = localPath(c.req.query('returnTo'), config.server.publicUrl, standardReturn);
  const silent = c.req.query('silent') === '1';
  const acr = levels.find((level) => level === c.req.query('acr'));
  if (!silent && !acr && (await resumed(c, room))) return c.redirect(returnTo);
  if (acr === strong && (await provesByCode(c.env.ctx))) return c.redirect(codePage(returnTo));
  const begun = beginSignIn(returnTo, clock.now(), acr ? { acr, subject: actor.identity?.subject } : {});
  const signIn = c.req.query('again') === '1' ? { ...begun, state: `${begun.state}${again}` } : begun;
  const broker = /^[\w-]{1,64}$/.exec(c.req.query('provider') ?? '')?.[0];
  const left = await depart(c, room, signIn, { silent, acr, broker }).catch((error: unknown) => {
    if (room.provider.fallback && error instanceof Unavailable && !silent && !acr) return undefined;
    throw error;
  });
  return left ?? offerFallback(c, returnTo);
}

/** Signs in at the second issuer, while Keycloak is away and no longer. */
async function loginElsewhere(c: RouteContext, room: Room): Promise<Response> {
  const { clock, config } = c.env.ctx;
  const returnTo = localPath(c.req.query('returnTo'), config.server.publicUrl, standardReturn);
  if (!(await isNeeded(room.provider))) return c.redirect(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
  return depart(c, room, beginSignIn(returnTo, clock.now(), { fallback: true }), {});
}

/** The one action that is ours and not Keycloak's: the page behind it asks for the new contact. */
async function changeEmail(c: RouteContext): Promise<Response> {
  const { ctx } = c.env;
  if (ctx.actor.kind !== 'person')
    return c.redirect(`/auth/login?returnTo=${encodeURIComponent('/auth/action/email')}`);
  return c.redirect((await isSteppedUp(ctx)) ? contactsPath : stepUpUrl(ctx, contactsPath));
}

/** Has Keycloak add, change or remove something that she proves with who she is: only for herself, freshly proven. */
async function action(c: RouteContext, room: Room): Promise<Response> {
  const { ctx } = c.env;
  const [name, credential] = [c.req.param('action') ?? '', c.req.query('credential')];
  const wish = isAccountAction(name) ? providerAction(name, credential) : undefined;
  if (!isAccountAction(name) || !wish) return c.notFound();
  const returnTo = localPath(c.req.query('returnTo'), ctx.config.server.publicUrl, actionDone);
  const here = `/auth/action/${name}?${new URLSearchParams({ ...(credential ? { credential } : {}), returnTo })}`;
  const { identity, kind } = ctx.actor;
  if (kind !== 'person' || !identity) return c.redirect(`/auth/login?returnTo=${encodeURIComponent(here)}`);
  if (!(await isSteppedUp(ctx))) return c.redirect(stepUpUrl(ctx, here));
  const begun = beginSignIn(returnTo, ctx.clock.now(), { action: name, subject: identity.subject });
  return depart(c, room, begun, { action: wish });
}

/** What the provider answered instead of a code (RFC 6749 §4.1.2.1, OpenID Connect §3.1.2.6). */
function refusedBy(c: RouteContext, error: string, returnTo: string): Promise<Response> | Response {
  if (/^(login|interaction|consent|account_selection)_required$/.test(error)) {
    return c.redirect(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
  }
  if (error === 'temporarily_unavailable' || error === 'server_error') {
    c.header('retry-after', '5');
    return answerNotice(c, { status: 503, text: 'unavailable', again: true });
  }
  return answerNotice(c, { status: 400, text: 'refused', again: true });
}

/** The answer of one of the two; the other's does not count for it. */
async function callback(c: RouteContext, room: Room, path = '/auth/callback'): Promise<Response> {
  const { config } = c.env.ctx;
  const isFallback = path === fallbackCallback;
  const provider = (isFallback && room.provider.fallback) || room.provider;
  const state = c.req.query('state') ?? '';
  const waiting = room.pending.read(ownCookie(c, 'login'));
  const begun = waiting.find((signIn) => signIn.state === state && (signIn.fallback ?? false) === isFallback);
  if (!begun) {
    if (state.endsWith(again)) return answerNotice(c, { status: 400, text: 'cookies', again: true });
    return c.redirect('/auth/login?again=1');
  }
  keepPending(
    c,
    room,
    waiting.filter((signIn) => signIn !== begun),
  );
  const error = c.req.query('error');
  if (error !== undefined) return refusedBy(c, error, begun.returnTo);
  const address = new URL(`${config.server.publicUrl}${path}${new URL(c.req.url).search}`);
  const { acr, action: done, subject } = begun;
  const freshSince = acr === undefined ? undefined : new Date(begun.until - pendingSeconds * 1000);
  const outcome = outcomeOf(c.req.query('kc_action_status'));
  const keepsProof = !(done && adds(done) && outcome === 'success');
  const answer = { address, proof: begun, replaces: handleOf(c), freshSince, subject, keepsProof };
  const session = await signIn(c.env.ctx, provider, answer);
  setSession(c, session);
  // Signed in, but back at the page that asked she would only be sent here again.
  if (acr === strong && !session.steppedUp && (await hasNoProof(c.env.ctx, session.subject)))
    return c.redirect(codePage(begun.returnTo));
  if (acr !== undefined && !session.steppedUp) return answerNotice(c, { status: 403, text: 'weak' });
  return c.redirect(done ? outcomePath(begun.returnTo, done, outcome) : begun.returnTo);
}

async function refresh(c: RouteContext, { provider }: Room): Promise<Response> {
  const handle = handleOf(c);
  const refreshed = handle ? await refreshSession(c.env.ctx, provider, handle) : { over: true, silent: false };
  if ('session' in refreshed) {
    setSession(c, refreshed.session);
    return c.json(told(refreshed.session, refreshed.session.accessEndsAt));
  }
  clearSession(c);
  return problem(
    c,
    { status: 401, code: 'UNAUTHENTICATED', title: 'The session is over.' },
    { silent: refreshed.silent },
  );
}

async function session(c: RouteContext): Promise<Response> {
  const { ctx } = c.env;
  const handle = handleOf(c);
  const found = handle && (await sessionOf(ctx, handle));
  if (!found) return c.json({ signedIn: false });
  const { sessionId, expiresAt } = ctx.actor;
  const refreshBy = sessionId && expiresAt ? new Date(expiresAt * 1000) : ctx.clock.now();
  return c.json(told(found, refreshBy));
}

async function logout(c: RouteContext, { provider }: Room): Promise<Response> {
  const handle = handleOf(c);
  if (handle) await signOut(c.env.ctx, provider, handle);
  clearSession(c);
  return c.body(null, 204);
}

async function backchannelLogout(c: RouteContext, { provider }: Room): Promise<Response> {
  const token = isForm(c) ? new URLSearchParams(await c.req.text()).get('logout_token') : null;
  if (!token) return c.json({ error: 'invalid_request' }, 400);
  const accepted = await acceptLogoutToken(c.env.ctx, provider, token);
  return accepted ? c.body(null, 200) : c.json({ error: 'invalid_request' }, 400);
}

/** The doors of a browser's session: /auth/login, callback, session, refresh, logout, backchannel-logout (contracts: rest). */
export function authenticationRoutes(config: Config, clock: Clock): Hono<RouteEnv> {
  const now = (): Date => clock.now();
  const provider = createProvider(config, now, createFallbackProvider(config, now));
  const room = { provider, pending: createPendingSignIns(config.keys.token, now) };
  return routes()
    .use('/auth/*', async (c, next) => {
      c.header('cache-control', 'no-store');
      await next();
    })
    .get('/auth/login', (c) => orNotice(c, () => login(c, room)))
    .get('/auth/callback', (c) => orNotice(c, () => callback(c, room)))
    .get('/auth/action/email', changeEmail)
    .get(fallbackLogin, (c) => orNotice(c, () => loginElsewhere(c, room)))
    .get(fallbackCallback, (c) => orNotice(c, () => callback(c, room, fallbackCallback)))
    .get('/auth/action/:action', (c) => orNotice(c, () => action(c, room)))
    .get('/auth/session', session)
    .post('/auth/refresh', (c) => refresh(c, room))
    .post('/auth/logout', (c) => logout(c, room))
    .post('/auth/backchannel-logout', (c) => backchannelLogout(c, room));
}
