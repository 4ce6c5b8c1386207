import type { Ctx } from '../../context.ts';
import type { Identity } from '../../domain/access.ts';

/** Which line of convergence noticed: the delivered event, the claims at sign-in, or the sweep. */
export type Line = 'DELIVERY' | 'SIGN_IN' | 'SWEEP';

/**
 * What was found: a user without a customer, values that differ, a user that is gone, a user whose address is another
 * customer's, a user who names a customer that is linked to somebody else.
 */
export type DriftKind = 'CREATED' | 'CHANGED' | 'MISSING' | 'SAME_ADDRESS' | 'UNLINKED';

/** How often each line found what. */
export interface DriftCount {
  readonly line: Line;
  readonly kind: DriftKind;
  readonly count: number;
}

/** Writes down that a line found something. */
export async function recordDrift(
  { pool, clock }: Pick<Ctx, 'pool' | 'clock'>,
  line: Line,
  kind: DriftKind,
  { issuer, subject }: Identity,
): Promise<void> {
  await pool.query({
    name: 'drift-record',
    text: 'insert into drift (at, line, kind, issuer, subject) values ($1, $2, $3, $4, $5)',
    values: [clock.now(), line, kind, issuer, subject],
  });
}

/** What each line has found since a time. */
export async function driftSince({ pool }: Pick<Ctx, 'pool'>, since: Date): Promise<DriftCount[]> {
  const { rows } = await pool.query<DriftCount>({
    name: 'drift-since',
    text: `select line, kind, count(*)::int as count from drift where at >= $1 group by line, kind order by line, kind`,
    values: [since],
  });
  return rows;
}
