import type pg from 'pg';
import type { Actor } from '../domain/access.ts';
import { freshSeconds } from '../domain/credential.ts';
import { StepUpRequired } from '../domain/errors.ts';

interface Asked {
  readonly actor: Actor;
  readonly clock: { readonly now: () => Date };
  readonly pool: pg.Pool;
}

interface Addressed {
  readonly config: { readonly server: { readonly publicUrl: string } };
}

const strong = '2';

const plainProof = `select 1 from session_token where issuer = $1 and sid = $2 and subject = $3 and ended_at is null
  and proof is not null and proven_at > $4 limit 1`;

/**
 * Whether a person has freshly proven who she is: with a second factor or a passkey, or, having none, as her session
 * notes (contracts: access, "Step-up"). Whoever is no person has nothing to prove.
 */
export async function isSteppedUp({ actor, clock, pool }: Asked): Promise<boolean> {
  if (actor.kind !== 'person') return true;
  const since = clock.now().getTime() - freshSeconds * 1000;
  if (actor.acr === strong && (actor.authTime ?? 0) * 1000 >= since) return true;
  const { identity, sessionId } = actor;
  if (!identity || !sessionId) return false;
  const values = [identity.issuer, sessionId, identity.subject, new Date(since)];
  const { rowCount } = await pool.query({ name: 'session-plain-proof', text: plainProof, values });
  return rowCount === 1;
}

/** Where somebody proves once more who she is; leads back to `returnTo`, a path of ours. */
export function stepUpUrl({ config }: Addressed, returnTo = '/'): string {
  return `${config.server.publicUrl}/auth/login?acr=${strong}&returnTo=${encodeURIComponent(returnTo)}`;
}

/**
 * The check before everything that a stolen session must not do.
 *
 * @throws StepUpRequired
 */
export async function mustBeSteppedUp(ctx: Asked & Addressed, returnTo?: string): Promise<void> {
  if (!(await isSteppedUp(ctx))) throw new StepUpRequired(strong, stepUpUrl(ctx, returnTo));
}
