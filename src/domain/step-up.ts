import type { Actor } from './access.ts';

/** For how long a proof counts as fresh, in seconds (contracts: access, "Step-up"). */
export const freshSeconds = 300;

/** What a person can prove herself with. */
export interface OwnProofs {
  readonly password: boolean;
  /** Whether she has a second factor or a passkey. */
  readonly factor: boolean;
}

/**
 * What a person has still to prove before something of weight: `2` is a second factor, `1` the password anew. Undefined
 * when she is stepped up. Services and jobs never are asked.
 */
export function missingProof(actor: Actor, { password, factor }: OwnProofs, now: Date): '1' | '2' | undefined {
  if (actor.kind !== 'person') return undefined;
  const isFresh = now.getTime() / 1000 - (actor.authTime ?? 0) <= freshSeconds;
  if (factor) return isFresh && actor.acr === '2' ? undefined : '2';
  return isFresh && password ? undefined : '1';
}
