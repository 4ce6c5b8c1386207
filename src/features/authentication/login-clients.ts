import * as oidc from 'openid-client';
import { z } from 'zod';
import { Forbidden } from '../../domain/errors.ts';
import type { Config } from '../../platform/config.ts';
import type { Exchanged } from './authentication-service.ts';
import {
  claimsOf,
  configuration,
  createProvider,
  endAtProvider,
  type Provider,
  ProviderRefused,
  tokensOf,
  translated,
} from './oidc.ts';

/** What one signs in with by password. */
export interface PasswordProof {
  readonly email: string;
  readonly password: string;
  /** The one-time code; empty without one. */
  readonly otp: string;
  /** `totp`, `sms` or empty. */
  readonly otpMethod: string;
}

/** A code that a browser or an app has brought back from the provider. */
export interface CodeProof {
  readonly code: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
}

/** A second factor is asked for: by these of `totp` and `sms`, or, if by none, only on the provider's page. */
export interface SecondFactorAsked {
  readonly methods: readonly string[];
}

/** One of the clients in whose name services sign customers in. */
export interface LoginClient {
  readonly id: string;
  /** Has a secret, and so may hold refresh tokens. */
  readonly confidential: boolean;
  /** @throws ProviderRefused, Forbidden, Unavailable */
  byPassword(proof: PasswordProof): Promise<Exchanged | SecondFactorAsked>;
  /** @throws ProviderRefused, Unavailable */
  byCode(proof: CodeProof): Promise<Exchanged>;
  /** The provider, which this client's sessions are refreshed and ended at. */
  readonly provider: Provider;
}

/** The hash waits its turn there; the caller's own time is five seconds (`src/server/limits.ts`). */
const longestCallSeconds = 4;
const factors = z.object({ mfa_methods: z.array(z.string()) });
const known = new Set(['totp', 'sms']);

/** Keycloak's answer to a password that is right while a second factor is still to come; undefined for any other. */
function factorAsked(error: unknown): SecondFactorAsked | undefined {
  if (!(error instanceof oidc.ResponseBodyError) || error.error !== 'mfa_required') return undefined;
  const read = factors.safeParse(error.cause);
  return { methods: read.success ? read.data.mfa_methods.filter((method) => known.has(method)) : [] };
}

function refusal(error: unknown): Error {
  // What the grant itself made of the answer.
  if (error instanceof ProviderRefused) return error;
  // The client may not sign anybody in this way.
  if (error instanceof oidc.ResponseBodyError && error.error === 'unauthorized_client') return new Forbidden();
  return translated(error);
}

interface Listed {
  readonly id: string;
  readonly secret: string | undefined;
}

/** The provider as this client refreshes and ends sessions there. */
function providerOf(config: Config, now: () => Date, { id, secret }: Listed): Provider {
  const { url, realm } = config.keycloak;
  const client = configuration(config, { id, secret });
  const form = { client_id: id, ...(secret === undefined ? {} : { client_secret: secret }) };
  return {
    ...createProvider(config, now),
    async refresh(refreshToken) {
      const answer = await oidc.refreshTokenGrant(client, refreshToken).catch((error: unknown) => {
        throw translated(error);
      });
      return tokensOf(answer, now());
    },
    endSession: (refreshToken) =>
      endAtProvider(`${url}/realms/${realm}/protocol/openid-connect/logout`, { ...form, refresh_token: refreshToken }),
  };
}

function loginClient(config: Config, now: () => Date, { id, secret }: Listed): LoginClient {
  const client = configuration(config, { id, secret });
  client.timeout = longestCallSeconds;
  const granted = async (type: string, form: Record<string, string>): Promise<Exchanged> => {
    const answer = await oidc.genericGrantRequest(client, type, { ...form, scope: 'openid' });
    return { tokens: tokensOf(answer, now()), claims: claimsOf(config.keycloak.issuer, answer.claims()) };
  };
  const failing = (error: unknown): never => {
    throw refusal(error);
  };
  return {
    id,
    confidential: secret !== undefined,
    provider: providerOf(config, now, { id, secret }),
    byPassword({ email, password, otp, otpMethod }) {
      const factor = { ...(otp && { otp }), ...(otpMethod && { otp_method: otpMethod }) };
      return granted('password', { username: email, password, ...factor }).catch(
        (error: unknown) => factorAsked(error) ?? failing(error),
      );
    },
    byCode: ({ code, codeVerifier, redirectUri }) =>
      granted('authorization_code', { code, code_verifier: codeVerifier, redirect_uri: redirectUri }).catch(failing),
  };
}

/** The listed clients, by id. None of them makes a connection before it is used. */
export function createLoginClients(config: Config, now: () => Date): ReadonlyMap<string, LoginClient> {
  return new Map([...config.login.clients].map(([id, secret]) => [id, loginClient(config, now, { id, secret })]));
}
