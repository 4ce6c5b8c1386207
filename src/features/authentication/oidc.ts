import { createRemoteJWKSet, errors as joseErrors, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { z } from 'zod';
import { Unavailable, Unauthenticated } from '../../domain/errors.ts';
import type { Config } from '../../platform/config.ts';
import { NoAnswer, request } from '../../platform/http-client.ts';

/** One sign-in under way: what the answer of the provider must match. */
export interface SignInProof {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Whom the provider says has signed in. Names and address may be missing. */
export interface SignInClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly sid: string;
  readonly authTime?: number;
  /** When she last gave her password, in seconds since 1970; absent if she never did in this session there. */
  readonly passwordTime?: number;
  readonly acr?: string;
  readonly amr: readonly string[];
  readonly email?: string;
  readonly emailVerified: boolean;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly locale?: string;
  /** Our id of the customer, where registration wrote it on the user. */
  readonly customerId?: string;
}

/** What the provider handed out. Stays on this side: a browser gets the access token in an HTTP-only cookie, nothing else. */
export interface ProviderTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** When the access token ends. */
  readonly accessEndsAt: Date;
}

/** The provider did not accept the code or the refresh token. `reason` is a word of RFC 6749 §5.2, never a text. */
export class ProviderRefused extends Error {
  override readonly name = 'ProviderRefused';
  readonly reason: string;
  constructor(reason: string) {
    super('The provider refused.');
    this.reason = reason;
  }
}

/** What a provider's logout token says (OpenID Connect Back-Channel Logout 1.0 §2.4). */
export interface LogoutToken {
  readonly id: string;
  readonly sid?: string;
  readonly subject?: string;
}

/** How a browser is sent to the provider. */
export interface AuthorizationWish {
  readonly language: string;
  /** Asks for an answer without any page. */
  readonly silent?: boolean;
  /** Asks for a fresh proof of that level. */
  readonly acr?: string | undefined;
  /** Something to do with the account there, before the answer. */
  readonly action?: string;
  /** Which of the providers behind it she chose, by its alias there. */
  readonly broker?: string | undefined;
}

/** Our side of OpenID Connect with one provider. */
export interface Provider {
  readonly issuer: string;
  /** Our client there. */
  readonly clientId: string;
  /** Who takes over while this one is away; sessions that began there stay there. */
  readonly fallback?: Provider | undefined;
  /** Whether a browser sent there would be answered. @throws Unavailable */
  mustAnswer(): Promise<void>;
  /** Where the browser goes to sign in. */
  authorizationUrl(proof: SignInProof, options: AuthorizationWish): Promise<URL>;
  /**
   * Exchanges the code in the callback's address.
   *
   * @throws ProviderRefused, Unavailable
   */
  exchange(callback: URL, proof: SignInProof): Promise<{ tokens: ProviderTokens; claims: SignInClaims }>;
  /** @throws ProviderRefused, Unavailable */
  refresh(refreshToken: string): Promise<ProviderTokens>;
  /** Ends the session there. Tells whether it is over: false when the provider could not be asked. */
  endSession(refreshToken: string): Promise<boolean>;
  /** @throws Unauthenticated */
  readLogoutToken(token: string): Promise<LogoutToken>;
}

const idToken = z.object({
  sub: z.string().min(1).max(255),
  sid: z.string().min(1).max(255),
  auth_time: z.number().int().optional(),
  acr: z.string().max(64).optional(),
  password_time: z.number().int().optional(),
  amr: z.array(z.string().max(64)).max(16).catch([]).default([]),
  email: z.string().optional(),
  email_verified: z.boolean().catch(false).default(false),
  given_name: z.string().optional(),
  family_name: z.string().optional(),
  locale: z.string().optional(),
  customer_id: z.string().optional(),
});

/** Whom an ID token, checked already, speaks of. @throws ProviderRefused */
export function claimsOf(issuer: string, raw: unknown): SignInClaims {
  const read = idToken.safeParse(raw);
  if (!read.success) throw new ProviderRefused('invalid_id_token');
  const c = read.data;
  return {
    issuer,
    subject: c.sub,
    sid: c.sid,
    amr: c.amr,
    emailVerified: c.email_verified,
    ...(c.auth_time === undefined ? {} : { authTime: c.auth_time }),
    ...(c.acr === undefined ? {} : { acr: c.acr }),
    ...(c.password_time === undefined ? {} : { passwordTime: c.password_time }),
    ...(c.email === undefined ? {} : { email: c.email }),
    ...(c.given_name === undefined ? {} : { givenName: c.given_name }),
    ...(c.family_name === undefined ? {} : { familyName: c.family_name }),
    ...(c.locale === undefined ? {} : { locale: c.locale }),
    ...(c.customer_id === undefined ? {} : { customerId: c.customer_id }),
  };
}

/** Longest wait for the provider, in seconds: less than the lease on a session row (design, decision 6). */
const longestCallSeconds = 3;

/**
 * The addresses are known from the configuration: no discovery, which would tie our start to Keycloak's.
 *
 * @param client  without a secret it is a public one
 */
export function configuration(
  { keycloak }: Config,
  client: { readonly id: string; readonly secret?: string | undefined } = keycloak.bff,
): oidc.Configuration {
  const outside = `${keycloak.issuer}/protocol/openid-connect`;
  const inside = `${keycloak.url}/realms/${keycloak.realm}/protocol/openid-connect`;
  const server: oidc.ServerMetadata = {
    issuer: keycloak.issuer,
    authorization_endpoint: `${outside}/auth`,
    token_endpoint: `${inside}/token`,
    jwks_uri: `${inside}/certs`,
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_response_iss_parameter_supported: true,
    code_challenge_methods_supported: ['S256'],
  };
  const metadata = { id_token_signed_response_alg: 'RS256', [oidc.clockTolerance]: 5 };
  const proof = client.secret === undefined ? oidc.None() : oidc.ClientSecretPost(client.secret);
  const made = new oidc.Configuration(server, client.id, metadata, proof);
  made.timeout = Math.min(longestCallSeconds, keycloak.timeoutSeconds);
  oidc.enableNonRepudiationChecks(made);
  if (keycloak.url.startsWith('http:')) oidc.allowInsecureRequests(made);
  return made;
}

/**
 * Only an answer that says so is a refusal; whatever else goes wrong, our own credentials included, is an outage whose
 * outcome is unknown.
 */
export function translated(error: unknown): Error {
  if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant')
    return new ProviderRefused(error.error);
  if (error instanceof oidc.AuthorizationResponseError) return new ProviderRefused(error.error);
  const code = (error as { code?: unknown }).code;
  const answer = ['OAUTH_INVALID_RESPONSE', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED'];
  if (typeof code === 'string' && answer.includes(code)) return new ProviderRefused('invalid_response');
  return new Unavailable(5);
}

/** `__Host-access=` and the token must stay below what every browser keeps of a cookie; a longer one is dropped without a word. */
const longestAccessToken = 4096 - '__Host-access='.length;

/** The tokens of an answer. @throws ProviderRefused */
export function tokensOf(
  answer: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
  now: Date,
): ProviderTokens {
  if (!answer.refresh_token) throw new ProviderRefused('no_refresh_token');
  if (answer.access_token.length > longestAccessToken) throw new Error('The access token does not fit into a cookie.');
  const accessEndsAt = new Date(now.getTime() + (answer.expiresIn() ?? 0) * 1000);
  return { accessToken: answer.access_token, refreshToken: answer.refresh_token, accessEndsAt };
}

/** Keycloak's logout by refresh token: the whole session there, without a token in any address. */
export async function endAtProvider(url: string, form: Record<string, string>): Promise<boolean> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = new URLSearchParams(form).toString();
  try {
    const answer = await request(url, { method: 'POST', headers, body, timeoutMs: longestCallSeconds * 1000 });
    // 400: the token is of a session that is over already.
    return answer.status < 300 || answer.status === 400;
  } catch (error) {
    if (error instanceof NoAnswer) return false;
    throw error;
  }
}

/** However many sign in, one asks at a time, and all get its answer. */
export function answering(url: string): () => Promise<void> {
  let underWay: Promise<void> | undefined;
  const ask = async (): Promise<void> => {
    const answer = await request(url, { timeoutMs: longestCallSeconds * 1000 }).catch((error: unknown) => {
      throw error instanceof NoAnswer ? new Unavailable(5) : error;
    });
    if (answer.status >= 500) throw new Unavailable(5);
  };
  return () => (underWay ??= ask().finally(() => (underWay = undefined)));
}

function wished({ language, silent, acr, action, broker }: AuthorizationWish): Record<string, string> {
  return {
    ui_locales: language,
    ...(action ? { kc_action: action } : {}),
    ...(broker ? { kc_idp_hint: broker } : {}),
    // Asked for anew, since `auth_time` of a session that is there already is that of its beginning.
    ...(acr ? { acr_values: acr, prompt: 'login' } : silent ? { prompt: 'none' } : {}),
  };
}

const logoutClaims = z.object({
  jti: z.string().min(1).max(255),
  sid: z.string().min(1).max(255).optional(),
  sub: z.string().min(1).max(255).optional(),
  events: z.object({ 'http://schemas.openid.net/event/backchannel-logout': z.object({}) }),
  nonce: z.undefined().optional(),
});

function logoutTokens({ keycloak }: Config, jwks: ReturnType<typeof createRemoteJWKSet>) {
  return async (token: string): Promise<LogoutToken> => {
    const rules = {
      issuer: keycloak.issuer,
      audience: keycloak.bff.id,
      algorithms: ['RS256'],
      typ: 'logout+jwt',
      clockTolerance: 5,
      maxTokenAge: 300,
      requiredClaims: ['iat', 'jti', 'events'],
    };
    const verified = await jwtVerify(token, jwks, rules).catch((error: unknown) => {
      const outage = error instanceof joseErrors.JWKSTimeout || !(error instanceof joseErrors.JOSEError);
      throw outage ? new Unavailable(5) : new Unauthenticated();
    });
    const claims = logoutClaims.safeParse(verified.payload);
    if (!claims.success || (!claims.data.sid && !claims.data.sub)) throw new Unauthenticated();
    const { jti, sid, sub } = claims.data;
    return { id: jti, ...(sid ? { sid } : {}), ...(sub ? { subject: sub } : {}) };
  };
}

/** Keycloak as the browsers' provider. Makes no connection before it is used. `fallback` takes over while it is away. */
export function createProvider(config: Config, now: () => Date, fallback?: Provider): Provider {
  const client = configuration(config);
  const { issuer, url, realm, bff } = config.keycloak;
  const inside = `${url}/realms/${realm}/protocol/openid-connect`;
  const jwks = createRemoteJWKSet(new URL(`${inside}/certs`), { timeoutDuration: 3000, cooldownDuration: 5000 });
  const redirect = `${config.server.publicUrl}/auth/callback`;
  const failing = (error: unknown): never => {
    throw translated(error);
  };
  return {
    issuer,
    clientId: bff.id,
    fallback,
    mustAnswer: answering(`${inside}/certs`),
    async authorizationUrl(proof, wish) {
      return oidc.buildAuthorizationUrl(client, {
        redirect_uri: redirect,
        scope: 'openid',
        state: proof.state,
        nonce: proof.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(proof.verifier),
        code_challenge_method: 'S256',
        ...wished(wish),
      });
    },
    async exchange(callback, { state, nonce, verifier }) {
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const answer = await oidc.authorizationCodeGrant(client, callback, checks).catch(failing);
      return { tokens: tokensOf(answer, now()), claims: claimsOf(issuer, answer.claims()) };
    },
    async refresh(refreshToken) {
      return tokensOf(await oidc.refreshTokenGrant(client, refreshToken).catch(failing), now());
    },
    async endSession(refreshToken) {
      const form = { client_id: bff.id, client_secret: bff.secret, refresh_token: refreshToken };
      return endAtProvider(`${inside}/logout`, form);
    },
    readLogoutToken: logoutTokens(config, jwks),
  };
}
