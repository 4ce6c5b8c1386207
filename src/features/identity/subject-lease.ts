import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Ctx } from '../../context.ts';
import type { Identity } from '../../domain/access.ts';

/** Longer than reading a user and writing what follows may take; a killed holder blocks its subject no longer. */
const leaseSeconds = 15;
const lookAgainMs = 50;

/**
 * Does something as the only one for this subject, over all replicas. The database's clock decides.
 *
 * @param waitMs  how long to wait for another holder
 * @returns undefined while another one holds the subject
 */
export async function alone<T>(
  { pool }: Pick<Ctx, 'pool'>,
  { issuer, subject }: Identity,
  waitMs: number,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const holder = randomUUID();
  const take = async (): Promise<boolean> => {
    const { rowCount } = await pool.query({
      name: 'subject-lease-take',
      text: `insert into subject_lease as l (issuer, subject, holder, leased_until)
        values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
        on conflict (issuer, subject) do update set holder = excluded.holder, leased_until = excluded.leased_until
        where l.leased_until < clock_timestamp()`,
      values: [issuer, subject, holder, leaseSeconds],
    });
    return rowCount === 1;
  };
  const until = performance.now() + waitMs;
  while (!(await take())) {
    if (performance.now() >= until) return undefined;
    await pause(lookAgainMs);
  }
  try {
    return await work();
  } finally {
    const text = 'delete from subject_lease where issuer = $1 and subject = $2 and holder = $3';
    await pool.query({ name: 'subject-lease-give', text, values: [issuer, subject, holder] });
  }
}
