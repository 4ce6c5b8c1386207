import { endSessions } from '../../platform/end-sessions.ts';
import { setTimeout as pause } from 'node:timers/promises';
import type { Ctx } from '../../context.ts';
import { system } from '../../domain/access.ts';
import { Unavailable } from '../../domain/errors.ts';
import {
  endOf,
  hashesFrom,
  hashOfHandle,
  rememberedUses,
  type SessionEnd,
  type SessionHandle,
  type Standing,
  standingOf,
  successorOf,
} from '../../domain/session-token.ts';
import { forUpdate } from '../../messaging/for-update.ts';
import { endSessionsOf } from './device-sessions.ts';
import { type Provider, ProviderRefused, type ProviderTokens } from './oidc.ts';
import { openTokens, sealTokens } from './session-secrets.ts';
import {
  abandonLease,
  findSession,
  giveUpSession,
  type Lease,
  rotateSession,
  type StoredSession,
  takeLease,
} from './session-store.ts';

/** What these functions need of the request. */
export type SessionCtx = Pick<
  Ctx,
  'clock' | 'config' | 'figures' | 'keys' | 'log' | 'pool' | 'request' | 'seal' | 'transact' | 'transactAs' | 'work'
>;

/** The job that ends a session at the provider, which did not answer; its key is the session's id there. */
export const endAtProviderTask = 'authentication.end-at-provider';

/** The job that tells a customer of a session whose copy was used; its key is the session's id. */
export const stolenSessionTask = 'authentication.tell-stolen-session';

/** What a browser gets, in cookies: never in a body. */
export interface BrowserSession {
  readonly customerId: string;
  readonly handle: SessionHandle;
  readonly accessToken: string;
  readonly accessEndsAt: Date;
  /** When the session is over unless it is used before. */
  readonly endsAt: Date;
}

/** How a refresh ended. `silent`: the browser should ask the provider once more without a page, before it gives up. */
export type Refreshed = { readonly session: BrowserSession } | { readonly over: true; readonly silent: boolean };

interface Found {
  readonly session: StoredSession;
  readonly standing: Standing;
}

/** Longer than one call to the provider, shorter than a browser's patience. */
const waitMs = 4500;
const stepMs = 40;
const over = { over: true, silent: false } as const;

async function find(ctx: SessionCtx, handle: SessionHandle, uses: number): Promise<Found | undefined> {
  const found = await findSession(ctx.pool, hashesFrom(handle, ctx.config.keys.token, uses));
  if (!found) return undefined;
  const standing = standingOf(found.session, found.usesAgo, ctx.config.session, ctx.clock.now());
  return { session: found.session, standing };
}

async function handOut(ctx: SessionCtx, session: StoredSession, handle: SessionHandle): Promise<BrowserSession> {
  const tokens = await openTokens(ctx, session);
  const { accessToken, accessEndsAt } = tokens;
  return {
    customerId: session.customerId,
    handle,
    accessToken,
    accessEndsAt,
    endsAt: endOf(session, ctx.config.session),
  };
}

/** Ends a session that somebody has a copy of. Whoever comes second, here or on another replica, tells and counts nothing. */
async function endStolen(ctx: SessionCtx, { customerId, id, issuer, sid }: StoredSession): Promise<void> {
  const act = { actor: system('authentication'), requestId: ctx.request.id };
  const first = await ctx.transactAs(act, async (em) => {
    const account = await forUpdate(em, customerId);
    const ended = await endSessionsOf(em, customerId, { sid, issuer }, { reason: 'REUSE', at: ctx.clock.now() });
    if (!ended.length) return false;
    if (account.person) account.happened('SESSION_STOLEN', 'SYSTEM');
    await ctx.work.enqueue(em, stolenSessionTask, id);
    return true;
  });
  if (first) ctx.figures.incident('refresh_reuse');
}

/** Where a session began: it is refreshed and ended there. */
const homeOf = (provider: Provider, { issuer }: StoredSession): Provider =>
  issuer === provider.fallback?.issuer ? provider.fallback : provider;

/** The second issuer's access tokens name no session, so all of hers there end with one. */
const endingOf = (provider: Provider, { issuer, subject, sid }: StoredSession) =>
  issuer === provider.fallback?.issuer ? { subject } : { sid };

/** Ends a session here first, so that it is over whether or not the provider can be asked; then there. */
async function end(ctx: SessionCtx, provider: Provider, session: StoredSession, reason: SessionEnd): Promise<void> {
  const tokens = session.ended ? undefined : await openTokens(ctx, session).catch(() => undefined);
  if (reason === 'REUSE') await endStolen(ctx, session);
  else await endSessions(ctx.pool, session.issuer, endingOf(provider, session), reason, ctx.clock.now());
  ctx.log.info({ requestId: ctx.request.id, customerId: session.customerId, reason }, 'session ended');
  if (!tokens || reason === 'PROVIDER') return;
  if (await homeOf(provider, session).endSession(tokens.refreshToken)) return;
  ctx.log.warn(
    { requestId: ctx.request.id, customerId: session.customerId },
    'session is still to end at the provider',
  );
  // It is over here whatever becomes of the job.
  await ctx
    .transact((em) => ctx.work.enqueue(em, endAtProviderTask, session.sid))
    .catch((error: unknown) => ctx.log.error({ err: error, customerId: session.customerId }, 'session is left there'));
}

const reasons = { expired: 'EXPIRED', reused: 'REUSE', closed: 'STATUS' } as const;

/** One call to the provider under the lease; undefined when somebody else's result is to be used. */
async function rotate(
  ctx: SessionCtx,
  provider: Provider,
  { session, handle, lease }: { session: StoredSession; handle: SessionHandle; lease: Lease },
): Promise<Refreshed | undefined> {
  let tokens: ProviderTokens;
  try {
    tokens = await homeOf(provider, session).refresh((await openTokens(ctx, session)).refreshToken);
  } catch (error) {
    if (!(error instanceof ProviderRefused)) {
      await abandonLease(ctx.pool, session.id, lease);
      throw error;
    }
    // After a refresh nobody saw the end of, the token may be used up although her session there goes on. The silent
    // round comes back with the same one, so only ours ends; if that one has ended as well, the provider tells.
    if (!lease.uncertain) {
      await end(ctx, provider, session, 'PROVIDER');
      return over;
    }
    return (await giveUpSession(ctx.pool, session.id, lease, ctx.clock.now()))
      ? { over: true, silent: true }
      : undefined;
  }
  const successor = successorOf(handle, ctx.config.keys.token);
  const at = ctx.clock.now();
  const sealed = await sealTokens(ctx, session, tokens);
  const next = { handleHash: hashOfHandle(successor), sealed, at };
  if (!(await rotateSession(ctx.pool, session.id, lease, next))) return undefined;
  const { accessToken, accessEndsAt } = tokens;
  const endsAt = endOf({ ...session, lastSeenAt: at }, ctx.config.session);
  return { session: { customerId: session.customerId, handle: successor, accessToken, accessEndsAt, endsAt } };
}

/**
 * Exchanges a handle for its successor and a fresh access token. However many ask at once, on whatever replica, the
 * provider is asked once and all get the same (design, decision 6).
 *
 * @throws Unavailable  while the provider does not answer; the session goes on
 */
export async function refreshSession(ctx: SessionCtx, provider: Provider, handle: SessionHandle): Promise<Refreshed> {
  for (let waited = 0; waited < waitMs; waited += stepMs) {
    const found = (await find(ctx, handle, 1)) ?? (await find(ctx, handle, rememberedUses));
    if (!found || found.standing === 'over') return over;
    const { session, standing } = found;
    if (standing === 'previous') {
      return { session: await handOut(ctx, session, successorOf(handle, ctx.config.keys.token)) };
    }
    if (standing !== 'current') {
      await end(ctx, provider, session, reasons[standing]);
      return over;
    }
    const lease = await takeLease(ctx.pool, session.id, session.generation);
    const done = lease && (await rotate(ctx, provider, { session, handle, lease }));
    if (done) return done;
    await pause(stepMs);
  }
  throw new Unavailable(2);
}

/** Whose session the handle is and until when, without using it up. */
export async function sessionOf(
  ctx: SessionCtx,
  handle: SessionHandle,
): Promise<{ customerId: string; endsAt: Date } | undefined> {
  const found = await find(ctx, handle, 1);
  if (!found || (found.standing !== 'current' && found.standing !== 'previous')) return undefined;
  return { customerId: found.session.customerId, endsAt: endOf(found.session, ctx.config.session) };
}

/** Ends the session of a handle, here and at the provider. Unknown handles end nothing. */
export async function signOut(ctx: SessionCtx, provider: Provider, handle: SessionHandle): Promise<void> {
  const found = (await find(ctx, handle, 1)) ?? (await find(ctx, handle, rememberedUses));
  if (found) await end(ctx, provider, found.session, 'LOGOUT');
}
