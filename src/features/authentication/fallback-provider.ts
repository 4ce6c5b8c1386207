import { randomUUID } from 'node:crypto';
import * as oidc from 'openid-client';
import { z } from 'zod';
import { Unauthenticated, Unavailable } from '../../domain/errors.ts';
import type { Config } from '../../platform/config.ts';
import type { FallbackIssuer } from '../../platform/fallback-config.ts';
import { answering, type Provider, ProviderRefused, type SignInClaims, tokensOf, translated } from './oidc.ts';

/** Less than the lease on a session row (design, decision 6). */
const longestCallSeconds = 3;

const idToken = z.object({
  sub: z.string().min(1).max(255),
  sid: z.string().min(1).max(255).optional(),
  auth_time: z.number().int().optional(),
});

/** Only who she is there, and since when: what the second issuer says of names and addresses changes nothing here. */
function claimsOf(issuer: string, raw: unknown): SignInClaims {
  const read = idToken.safeParse(raw);
  if (!read.success) throw new ProviderRefused('invalid_id_token');
  const { sub, sid = randomUUID(), auth_time: authTime } = read.data;
  const time = authTime === undefined ? {} : { authTime };
  return { issuer, subject: sub, sid, acr: '1', amr: ['SOCIAL'], emailVerified: false, ...time };
}

/** Its addresses, read when they are first needed and then kept; an outage is tried again. */
function discovering({ issuer, client }: FallbackIssuer): () => Promise<oidc.Configuration> {
  let known: Promise<oidc.Configuration> | undefined;
  const metadata = { id_token_signed_response_alg: 'RS256', [oidc.clockTolerance]: 5 };
  const plain = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
  const options = { timeout: longestCallSeconds, execute: [...plain, oidc.enableNonRepudiationChecks] };
  const ask = (): Promise<oidc.Configuration> =>
    oidc.discovery(new URL(issuer), client.id, metadata, oidc.ClientSecretPost(client.secret), options);
  return () =>
    (known ??= ask().catch(() => {
      known = undefined;
      throw new Unavailable(5);
    }));
}

/** Where the second issuer sends its answers. */
export const fallbackCallback = '/auth/fallback/callback';

const failing = (error: unknown): never => {
  throw translated(error);
};

/** The second issuer as the browsers' provider; undefined where there is none. */
export function createFallbackProvider({ fallback, server }: Config, now: () => Date): Provider | undefined {
  if (!fallback) return undefined;
  const { issuer, audience } = fallback;
  const discovered = discovering(fallback);
  return {
    issuer,
    clientId: fallback.client.id,
    mustAnswer: answering(fallback.keysUrl),
    async authorizationUrl(proof, { language }) {
      return oidc.buildAuthorizationUrl(await discovered(), {
        redirect_uri: `${server.publicUrl}${fallbackCallback}`,
        // A refresh token is handed out only to whoever asks for this.
        scope: 'openid offline_access',
        audience,
        state: proof.state,
        nonce: proof.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(proof.verifier),
        code_challenge_method: 'S256',
        ui_locales: language,
      });
    },
    async exchange(callback, { state, nonce, verifier }) {
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const answer = await oidc.authorizationCodeGrant(await discovered(), callback, checks).catch(failing);
      return { tokens: tokensOf(answer, now()), claims: claimsOf(issuer, answer.claims()) };
    },
    async refresh(refreshToken) {
      return tokensOf(await oidc.refreshTokenGrant(await discovered(), refreshToken).catch(failing), now());
    },
    async endSession(refreshToken) {
      try {
        await oidc.tokenRevocation(await discovered(), refreshToken);
        return true;
      } catch {
        return false;
      }
    },
    readLogoutToken: () => Promise.reject(new Unauthenticated()),
  };
}

/** Whether the second issuer may take a sign-in: there is one, and the first does not answer. */
export async function isNeeded(provider: Provider): Promise<boolean> {
  if (!provider.fallback) return false;
  return provider.mustAnswer().then(
    () => false,
    (error: unknown) => {
      if (error instanceof Unavailable) return true;
      throw error;
    },
  );
}
