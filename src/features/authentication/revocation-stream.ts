import type pg from 'pg';
import type { Actor } from '../../domain/access.ts';
import type { Ctx } from '../../context.ts';
import { invalid, Unauthenticated, Unavailable } from '../../domain/errors.ts';
import type { Revocable, Revocations } from '../../platform/revocations.ts';

/** One revocation as it is told: of a session, or of a subject's tokens that were issued before a time. */
export interface RevocationTold {
  /** Where to go on after this one; empty while nothing but the beginning is sure. */
  readonly cursor: string;
  readonly sessionId: string;
  readonly subject: string;
  readonly at: Date;
}

interface Row {
  readonly id: string | null;
  readonly sid: string | null;
  readonly subject: string | null;
  readonly at: Date;
  readonly horizon: string;
}

// As replicas read them (`src/platform/revocations.ts`): by the writing transaction, since neither ids nor times are in
// the order of commits. The horizon is the oldest transaction that was still open.
const statement = {
  name: 'revocations-told',
  text: `with one as (select pg_snapshot_xmin(pg_current_snapshot()) as horizon)
    select one.horizon::text, r.id, r.sid, r.subject, coalesce(r.issued_before, r.revoked_at) as at
    from one left join revocation r on r.expires_at > now()
      and ($1::text is null or $1::text::xid8 > one.horizon or r.written_by >= $1::text::xid8)
    order by r.id`,
};

/** Whoever asks, as revocations see her. */
function revocable({ identity, sessionId, issuedAt = 0 }: Actor): Revocable | undefined {
  return identity && { ...identity, issuedAt, ...(sessionId === undefined ? {} : { sid: sessionId }) };
}

/** Waits until something may be new, or until there is nothing to wait for any more. */
class Alarm {
  #rung = false;
  #wake: () => void = () => undefined;

  readonly ring = (): void => {
    this.#rung = true;
    this.#wake();
  };

  async wait(): Promise<void> {
    if (!this.#rung) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#rung = false;
  }
}

/** What was not told yet of what counts now. Only the last of a reading says how far all is told. */
class Reading {
  #seen = new Set<string>();
  #from: string;
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool, from: string) {
    this.#pool = pool;
    this.#from = from;
  }

  async next(): Promise<RevocationTold[]> {
    const { rows } = await this.#pool.query<Row>({ ...statement, values: [this.#from || null] });
    const there = rows.filter((row): row is Row & { id: string } => row.id !== null);
    const fresh = there.filter(({ id }) => !this.#seen.has(id));
    const [before, now] = [this.#from, rows[0]?.horizon ?? ''];
    this.#seen = new Set(there.map(({ id }) => id));
    this.#from = now;
    return fresh.map(({ sid, subject, at }, n) => ({
      cursor: n === fresh.length - 1 ? now : before,
      sessionId: sid ?? '',
      subject: subject ?? '',
      at,
    }));
  }
}

/**
 * What is revoked: all that counts now, or what came after the cursor, then each as it comes. At least once: after a
 * break some may be told again.
 *
 * @param signal  ends it
 * @throws ValidationFailed  for a cursor that is none
 * @throws Unauthenticated   when the caller's own token has ended
 * @throws Unavailable       while the list cannot be read
 */
export async function* watchRevocations(
  { pool, actor, clock }: Pick<Ctx, 'pool' | 'actor' | 'clock'>,
  revocations: Revocations,
  after: string,
  signal: AbortSignal,
): AsyncGenerator<RevocationTold> {
  if (!/^\d{0,19}$/.test(after)) throw invalid('after', 'unknown', 'Must be a cursor of this stream, or empty.');
  const alarm = new Alarm();
  const endsAt = (actor.expiresAt ?? 0) * 1000;
  const caller = revocable(actor);
  const timer = setTimeout(alarm.ring, Math.max(0, endsAt - clock.now().getTime()));
  const leave = revocations.onRevoked(alarm.ring);
  signal.addEventListener('abort', alarm.ring, { once: true });
  try {
    for (const reading = new Reading(pool, after); !signal.aborted; await alarm.wait()) {
      if (!revocations.trusted()) throw new Unavailable(5);
      if (endsAt <= clock.now().getTime() || !caller || revocations.isRevoked(caller)) throw new Unauthenticated();
      yield* await reading.next();
    }
  } finally {
    clearTimeout(timer);
    leave();
    signal.removeEventListener('abort', alarm.ring);
  }
}
