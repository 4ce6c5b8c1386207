import { z } from 'zod';

/** What the service reads about a second issuer. Without the first four there is none. */
export const fallbackVariables = {
  IDENTITY_FALLBACK_ISSUER: z
    .url()
    .optional()
    .describe('`iss` of a second issuer, whose tokens count for identities linked beforehand; without it: none'),
  IDENTITY_FALLBACK_AUDIENCE: z.string().min(1).optional().describe('audience its tokens must name'),
  IDENTITY_FALLBACK_CLIENT_ID: z.string().min(1).optional().describe('our client there'),
  IDENTITY_FALLBACK_CLIENT_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe('its secret'),
  IDENTITY_FALLBACK_KEYS_URL: z
    .url()
    .optional()
    .describe('where its keys are; `.well-known/jwks.json` below the issuer otherwise'),
  IDENTITY_FALLBACK_BROKER: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'must be an alias')
    .default('auth0')
    .describe('alias of the same provider at Keycloak: who is linked there may come through the second issuer'),
};

type FallbackValues = z.infer<z.ZodObject<typeof fallbackVariables>>;
const needed = [
  'IDENTITY_FALLBACK_ISSUER',
  'IDENTITY_FALLBACK_AUDIENCE',
  'IDENTITY_FALLBACK_CLIENT_ID',
  'IDENTITY_FALLBACK_CLIENT_SECRET',
] as const;

/** A second issuer: whose tokens count besides Keycloak's, and how browsers get one. */
export interface FallbackIssuer {
  /** `iss`, exactly. */
  readonly issuer: string;
  readonly audience: string;
  readonly keysUrl: string;
  readonly client: { readonly id: string; readonly secret: string };
  /** What Keycloak calls the same provider. */
  readonly broker: string;
}

/** All four or none, and never Keycloak itself: its tokens would pass for weaker ones. */
export function fallbackWhole(
  values: Partial<Record<(typeof needed)[number] | 'KEYCLOAK_ISSUER', unknown>>,
  ctx: z.RefinementCtx,
): void {
  const missing = needed.filter((name) => values[name] === undefined);
  for (const name of missing.length === needed.length ? [] : missing) {
    ctx.addIssue({ code: 'custom', path: [name], message: `must be given together with ${needed.join(', ')}` });
  }
  if (values.IDENTITY_FALLBACK_ISSUER !== undefined && values.IDENTITY_FALLBACK_ISSUER === values.KEYCLOAK_ISSUER) {
    ctx.addIssue({
      code: 'custom',
      path: ['IDENTITY_FALLBACK_ISSUER'],
      message: 'must be another than KEYCLOAK_ISSUER',
    });
  }
}

/** The same, nested; undefined without one. */
export function fallbackConfig(v: FallbackValues): FallbackIssuer | undefined {
  const { IDENTITY_FALLBACK_ISSUER: issuer, IDENTITY_FALLBACK_AUDIENCE: audience } = v;
  const { IDENTITY_FALLBACK_CLIENT_ID: id, IDENTITY_FALLBACK_CLIENT_SECRET: secret } = v;
  if (!issuer || !audience || !id || !secret) return undefined;
  const keysUrl = v.IDENTITY_FALLBACK_KEYS_URL ?? `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`;
  return { issuer, audience, keysUrl, client: { id, secret }, broker: v.IDENTITY_FALLBACK_BROKER };
}
