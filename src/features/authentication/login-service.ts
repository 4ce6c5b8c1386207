import { setTimeout as pause } from 'node:timers/promises';
import type { Ctx } from '../../context.ts';
import { type CredentialKind, isSecondFactor } from '../../domain/credential.ts';
import { DomainError, Forbidden, invalid, RateLimited, Unauthenticated, Unavailable } from '../../domain/errors.ts';
import { parseHandle } from '../../domain/session-token.ts';
import { endSessions } from '../../platform/end-sessions.ts';
import { type Exchanged, open, type SignInCtx } from './authentication-service.ts';
import type { CodeProof, LoginClient, PasswordProof, SecondFactorAsked } from './login-clients.ts';
import { ProviderRefused } from './oidc.ts';
import { type BrowserSession, endAtProviderTask, refreshSession } from './session-service.ts';
import type { Judge } from './token-service.ts';

/** What these functions need. */
export type LoginCtx = SignInCtx & Pick<Ctx, 'actor' | 'limits' | 'keycloak'>;

/** What services sign in with. */
export type LoginProof =
  | { readonly by: 'password'; readonly proof: PasswordProof }
  | { readonly by: 'code'; readonly proof: CodeProof };

/** A session's tokens for a service. */
export interface ServiceTokens {
  readonly customerId: string;
  readonly accessToken: string;
  readonly accessEndsAt: Date;
  /** A handle of ours, as browsers have it in a cookie; for confidential clients only. */
  readonly refreshToken?: string;
}

/** Address, password or code are not good, or the session is over. It is the same for an address that nobody has. */
export class SignInRefused extends DomainError {
  readonly code = 'UNAUTHENTICATED';
  constructor() {
    super('The sign-in was refused.');
  }
}

/** Tries of one caller for one address. */
const tries = { limit: 20, windowSeconds: 600 };
const longest = { email: 254, password: 1024, otp: 64 };
const otpMethods = new Set(['', 'totp', 'sms']);

/** @throws Forbidden for a client that is not listed */
function clientOf(clients: ReadonlyMap<string, LoginClient>, id: string): LoginClient {
  const client = clients.get(id);
  if (!client) throw new Forbidden();
  return client;
}

const refused = (error: unknown): never => {
  throw error instanceof ProviderRefused || error instanceof Unauthenticated ? new SignInRefused() : error;
};

/** Factors that the provider's flow asks for here, if she has one. */
const askedThere: readonly CredentialKind[] = ['TOTP', 'SMS'];

/**
 * Whether the provider let her in without a factor that she has: its flow asks whoever has an app for its code, and says
 * `acr` 2 where it saw another factor. A passkey it cannot ask for here at all.
 */
async function wasLeftOut({ keycloak }: LoginCtx, { claims }: Exchanged): Promise<boolean> {
  if (claims.acr === '2') return false;
  const own = await keycloak.credentialsOf(claims.subject);
  return own.some(isSecondFactor) && !own.some(({ kind }) => askedThere.includes(kind));
}

async function byPassword(
  ctx: LoginCtx,
  client: LoginClient,
  proof: PasswordProof,
): Promise<Exchanged | SecondFactorAsked> {
  const { email, password, otp, otpMethod } = proof;
  if (!otpMethods.has(otpMethod)) throw invalid('password.otp_method', 'unknown', 'Must be totp or sms.');
  // A number is a name however it is written, and not one more for each spelling.
  const name = email.includes('@') ? email.trim().toLowerCase() : email.replaceAll(/[\s().\-/]/g, '');
  const who = `${ctx.actor.id} ${name}`;
  const wait = await ctx.limits.take('grpc-login', who, tries.limit, tries.windowSeconds);
  if (wait) throw new RateLimited(wait);
  const isLong = email.length > longest.email || password.length > longest.password || otp.length > longest.otp;
  if (isLong || !email || !password) throw new SignInRefused();
  const answer = await client.byPassword(proof);
  if ('methods' in answer) return answer;
  const leftOut = await wasLeftOut(ctx, answer).catch(async (error: unknown) => {
    await client.provider.endSession(answer.tokens.refreshToken);
    throw error;
  });
  if (!leftOut) return answer;
  await client.provider.endSession(answer.tokens.refreshToken);
  return { methods: [] };
}

function handedOut(client: LoginClient, session: BrowserSession): ServiceTokens {
  const { customerId, accessToken, accessEndsAt, handle } = session;
  return { customerId, accessToken, accessEndsAt, ...(client.confidential && { refreshToken: handle }) };
}

async function opened(ctx: LoginCtx, client: LoginClient, exchanged: Exchanged): Promise<ServiceTokens> {
  // Nobody's browser is known here: what the call came from is the service's.
  const hers = { ...ctx, request: { ...ctx.request, userAgent: '' } };
  try {
    const session = await open(hers, exchanged, { clientId: client.id });
    const { customerId } = session;
    ctx.log.info({ requestId: ctx.request.id, customerId, clientId: client.id }, 'signed in by a service');
    return handedOut(client, session);
  } catch (error) {
    await client.provider.endSession(exchanged.tokens.refreshToken);
    throw error;
  }
}

/**
 * Signs a customer in for a service, in the name of one of the listed clients. Her second factor is asked for; where
 * that is not possible here, nothing but the provider's page will do.
 *
 * @throws Forbidden         for a client that is not listed, or may not sign in this way
 * @throws SignInRefused     for whatever is wrong with the proof, in a time that does not tell what
 * @throws RateLimited       after too many tries of this caller for this address
 * @throws ContactInUse      when her address is another customer's
 * @throws StatusConflict    for an account that is closed
 * @throws ValidationFailed
 * @throws Unavailable       while the provider does not answer
 */
export async function login(
  ctx: LoginCtx,
  clients: ReadonlyMap<string, LoginClient>,
  clientId: string,
  wanted: LoginProof,
): Promise<ServiceTokens | SecondFactorAsked> {
  const client = clientOf(clients, clientId);
  const until = performance.now() + ctx.config.login.refusalMs;
  try {
    const answer =
      wanted.by === 'code' ? await client.byCode(wanted.proof) : await byPassword(ctx, client, wanted.proof);
    return 'methods' in answer ? answer : await opened(ctx, client, answer);
  } catch (error) {
    const known =
      error instanceof SignInRefused || error instanceof ProviderRefused || error instanceof Unauthenticated;
    if (known) await pause(Math.max(0, until - performance.now()));
    return refused(error);
  }
}

/**
 * Exchanges a refresh token for its successor and a fresh access token, by the rules of every session of ours: idle and
 * absolute end, one call to the provider however many ask, and the end of the session when an older token comes back.
 *
 * @throws Forbidden      for a client that is not listed, or that is public
 * @throws SignInRefused  for a token that is not good, and once the session is over
 * @throws Unavailable    while the provider does not answer; the session goes on
 */
export async function refreshForService(
  ctx: LoginCtx,
  clients: ReadonlyMap<string, LoginClient>,
  wanted: { readonly refreshToken: string; readonly clientId: string },
): Promise<ServiceTokens> {
  const client = clientOf(clients, wanted.clientId);
  if (!client.confidential) throw new Forbidden();
  const handle = parseHandle(wanted.refreshToken);
  const refreshed = handle && (await refreshSession(ctx, client.provider, handle));
  if (!refreshed || !('session' in refreshed)) throw new SignInRefused();
  return handedOut(client, refreshed.session);
}

/**
 * Ends the session of an access token, here and at the provider. One that has ended already is no error.
 *
 * @throws SignInRefused  for a token that is not good, or of no session
 * @throws Unavailable    while it cannot be judged
 */
export async function logoutForService(ctx: LoginCtx, judge: Judge, accessToken: string): Promise<void> {
  const judged = await judge(accessToken);
  if ('refused' in judged) {
    if (judged.refused === 'REVOKED') return;
    throw new SignInRefused();
  }
  const { identity, sessionId: sid } = judged.actor;
  if (!identity || !sid) throw new SignInRefused();
  await endSessions(ctx.pool, identity.issuer, { sid }, 'LOGOUT', ctx.clock.now());
  ctx.log.info({ requestId: ctx.request.id, reason: 'LOGOUT' }, 'session ended');
  try {
    await ctx.keycloak.endSession(sid);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    await ctx.transact((em) => ctx.work.enqueue(em, endAtProviderTask, sid));
  }
}
