import { endSessions } from '../../platform/end-sessions.ts';
import { countryOfAddress } from '../../platform/ip-country.ts';
import { createHash, randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 as uuidv7 } from 'uuid';
import type { Ctx } from '../../context.ts';
import type { Actor } from '../../domain/access.ts';
import type { CustomerAccount } from '../../domain/customer-account.ts';
import { type Device, deviceOf } from '../../domain/device.ts';
import { isSecondFactor } from '../../domain/credential.ts';
import { DomainError, Unauthenticated } from '../../domain/errors.ts';
import { endOf, handleFrom, hashOfHandle, type SessionHandle } from '../../domain/session-token.ts';
import { forUpdate } from '../../messaging/for-update.ts';
import { compareClaims, customerLinked, type HolderCtx } from '../identity/identity-service.ts';
import { isFirstSignIn } from './first-sign-in.ts';
import { noteDevice } from './known-devices.ts';
import { type Provider, ProviderRefused, type SignInClaims, type SignInProof } from './oidc.ts';
import { sealTokens } from './session-secrets.ts';
import type { BrowserSession, SessionCtx } from './session-service.ts';
import { insertSession, type NotedProof, supersedeSession } from './session-store.ts';

/** The job that tells a customer of a sign-in with a device that is new; its key is the session's id. */
export const newDeviceTask = 'authentication.tell-new-device';

/** What signing in needs. */
export type SignInCtx = SessionCtx & HolderCtx & Pick<Ctx, 'transactAs'>;

/** An answer of the provider that has come back to the browser that asked. */
export interface SignInAnswer {
  /** The callback's address as the browser called it. */
  readonly address: URL;
  readonly proof: SignInProof;
  /** The browser's session before, which this one replaces. */
  readonly replaces?: SessionHandle | undefined;
  /** When a fresh proof was asked for; an older one does not count then. */
  readonly freshSince?: Date | undefined;
  /** Who must have signed in. */
  readonly subject?: string | undefined;
  /** Whether what the session before noted as a proof goes on; it does unless she has another factor now. */
  readonly keepsProof?: boolean;
}

/** A session, and whether its owner proved who she is as strongly as she can, when she was asked to. */
export interface SignedIn extends BrowserSession {
  readonly steppedUp: boolean;
  readonly subject: string;
}

/** Whoever signs in acts for herself, with nothing but that right. */
function actorOf({ issuer, subject, sid }: SignInClaims): Actor {
  const permissions = new Set(['customer:self'] as const);
  return { kind: 'person', id: subject, permissions, identity: { issuer, subject }, sessionId: sid };
}

/** The provider's session in events: recognisable, and of no use to whoever reads it. */
const hashedSid = ({ issuer, sid }: SignInClaims): string =>
  createHash('sha256').update(`${issuer}\0${sid}`).digest('base64url');

/** The absolute end counts from the proof, so that a silent round does not lengthen a session. */
function endsAt({ config }: SignInCtx, { authTime }: SignInClaims, now: Date): Date {
  const proven = Math.min(now.getTime(), authTime === undefined ? Infinity : authTime * 1000);
  const end = new Date(proven + config.session.maxSeconds * 1000);
  if (end <= now) throw new ProviderRefused('too_old');
  return end;
}

/** Between the provider's clock and ours. */
const leewaySeconds = 5;

const isSince = (seconds = 0, since: Date): boolean => seconds + leewaySeconds >= since.getTime() / 1000;

/** @throws ProviderRefused when the provider answered with a proof of before, although a fresh one was asked for */
function mustBeFresh({ authTime }: SignInClaims, since: Date | undefined): void {
  if (since && !isSince(authTime, since)) throw new ProviderRefused('not_fresh');
}

/** What the provider handed out, and of whom it speaks. */
export type Exchanged = Awaited<ReturnType<Provider['exchange']>>;

interface StoredSignIn extends Exchanged {
  readonly at: Date;
  readonly expiresAt: Date;
  readonly device: Device;
  readonly handle: SessionHandle;
  readonly newDevice: boolean;
  readonly replaces: SessionHandle | undefined;
  readonly keepsProof: boolean;
  readonly proof: NotedProof | undefined;
}

/** Writes the session, in the transaction of the sign-in. */
async function store(
  ctx: SignInCtx,
  em: EntityManager,
  account: CustomerAccount,
  { tokens, claims, at, ...session }: StoredSignIn,
): Promise<void> {
  const { issuer, subject, sid } = claims;
  const place = { id: uuidv7(), keyId: account.keyId };
  const sealed = await sealTokens(ctx, place, tokens);
  const { replaces, handle, newDevice, keepsProof, ...rest } = session;
  const before = replaces && (await supersedeSession(em, hashOfHandle(replaces), { issuer, sid, at }));
  // A silent round goes on with the provider's session, and so with hers.
  const startedAt = before?.startedAt ?? at;
  const proof = session.proof ?? (keepsProof ? before?.proof : undefined);
  const whose = { customerId: account.id, issuer, subject, sid };
  const handleHash = hashOfHandle(handle);
  await insertSession(em, { ...place, ...whose, ...rest, sealed, handleHash, startedAt, at, proof });
  if (newDevice) await ctx.work.enqueue(em, newDeviceTask, place.id);
}

const strong = '2';

/**
 * The fresh proof of somebody who was asked for a second factor and has none. Keycloak is asked, since a browser can ask
 * it for less than we did.
 *
 * @throws Unavailable
 */
async function plainProof(ctx: SignInCtx, claims: SignInClaims, since: Date): Promise<NotedProof | undefined> {
  const { acr, passwordTime, subject } = claims;
  if (acr === strong || !isSince(passwordTime, since)) return undefined;
  const hasFactor = (await ctx.keycloak.credentialsOf(subject)).some(isSecondFactor);
  return hasFactor ? undefined : { proof: 'PASSWORD', provenAt: ctx.clock.now() };
}

/** How a session begins: at which client, in place of which, and with which proof besides the provider's. */
export interface Beginning extends Pick<SignInAnswer, 'replaces' | 'keepsProof'> {
  readonly clientId: string;
  readonly proof?: NotedProof | undefined;
}

/**
 * Opens a session for whom the provider says has signed in, and tells it with `CustomerLoggedIn`.
 *
 * @throws ContactInUse, ProviderRefused, StatusConflict, Unauthenticated, Unavailable
 */
export async function open(
  ctx: SignInCtx,
  exchanged: Exchanged,
  { clientId, replaces, keepsProof = true, proof }: Beginning,
): Promise<BrowserSession> {
  const { tokens, claims } = exchanged;
  const at = ctx.clock.now();
  const expiresAt = endsAt(ctx, claims, at);
  // What another issuer says of her changes nothing here, and makes nobody a customer.
  const isOurs = claims.issuer === ctx.config.keycloak.issuer;
  const customerId = isOurs ? await compareClaims(ctx, claims) : await customerLinked(ctx, claims);
  const handle = handleFrom(randomBytes(32));
  const device = deviceOf(ctx.request.userAgent, countryOfAddress(ctx.request.ip));
  const first = await ctx.transactAs({ actor: actorOf(claims), requestId: ctx.request.id }, async (em) => {
    const account = await forUpdate(em, customerId);
    const isFirst = await isFirstSignIn(em, account, at);
    const { acr, amr } = claims;
    const method = amr[0] ?? 'PASSWORD';
    const newDevice = await noteDevice(em, { customerId, device, at });
    account.signedIn({ at, sessionId: hashedSid(claims), method, amr, acr, clientId, newDevice }, { at, by: 'SELF' });
    const how = { replaces, keepsProof, proof };
    await store(ctx, em, account, { ...exchanged, ...how, at, expiresAt, device, handle, newDevice });
    return isFirst;
  });
  ctx.figures.signedIn();
  if (first) ctx.figures.registration('first_sign_in');
  const { accessToken, accessEndsAt } = tokens;
  const until = endOf({ lastSeenAt: at, expiresAt }, ctx.config.session);
  return { customerId, handle, accessToken, accessEndsAt, endsAt: until };
}

/**
 * Signs in by the provider's answer: the customer is brought up to what the provider says of her, the session is stored,
 * and `CustomerLoggedIn` leaves with it.
 *
 * @throws ProviderRefused  for an answer that is not good
 * @throws ContactInUse     when her address is another customer's
 * @throws StatusConflict   for an account that is closed
 * @throws Unavailable      while the provider does not answer
 */
export async function signIn(ctx: SignInCtx, provider: Provider, answer: SignInAnswer): Promise<SignedIn> {
  const exchanged = await provider.exchange(answer.address, answer.proof);
  try {
    const { claims } = exchanged;
    mustBeFresh(claims, answer.freshSince);
    if (answer.subject !== undefined && claims.subject !== answer.subject) throw new ProviderRefused('another_person');
    const proof = answer.freshSince && (await plainProof(ctx, claims, answer.freshSince));
    const { replaces, keepsProof = true } = answer;
    const session = await open(ctx, exchanged, { clientId: provider.clientId, replaces, keepsProof, proof });
    ctx.log.info({ requestId: ctx.request.id, customerId: session.customerId }, 'signed in');
    return { ...session, subject: claims.subject, steppedUp: claims.acr === strong || proof !== undefined };
  } catch (error) {
    // Otherwise the next try would meet the same person at the provider, without a chance to be somebody else.
    if (error instanceof DomainError || error instanceof ProviderRefused)
      await provider.endSession(exchanged.tokens.refreshToken);
    throw error;
  }
}

const logoutTokenSeconds = 3600;

/**
 * Takes the provider's word that a session has ended. A token counts once.
 *
 * @returns whether the token was good
 * @throws Unavailable  when its keys cannot be read
 */
export async function acceptLogoutToken(
  ctx: SessionCtx & Pick<Ctx, 'limits'>,
  provider: Provider,
  token: string,
): Promise<boolean> {
  const read = await provider.readLogoutToken(token).catch((error: unknown) => {
    if (error instanceof Unauthenticated) return undefined;
    throw error;
  });
  const isReplay = read && (await ctx.limits.take('logout-token', read.id, 1, logoutTokenSeconds)) > 0;
  if (!read || isReplay) {
    ctx.log.warn({ requestId: ctx.request.id, replay: isReplay === true }, 'logout token refused');
    return false;
  }
  const ended = read.sid ? { sid: read.sid } : { subject: read.subject ?? '' };
  await endSessions(ctx.pool, provider.issuer, ended, 'PROVIDER', ctx.clock.now());
  ctx.log.info({ requestId: ctx.request.id }, 'logout token accepted');
  return true;
}
