import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { Actor } from '../domain/access.ts';
import { IdempotencyMismatch, Unavailable } from '../domain/errors.ts';
import type { Clock } from '../platform/clock.ts';
import { decrypt, encrypt } from '../platform/personal-data.ts';

/** What answering once needs. */
export interface OnceParts {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly actor: Actor;
  readonly config: { readonly keys: { readonly token: Buffer } };
}

/** A request that may come twice. */
export interface Repeatable {
  /** For nobody signed in: the address the request is about, stored as a keyed hash only. */
  readonly address: string;
  /** The client's key, a UUID. */
  readonly key: string;
  /** All that must be the same the second time; stored as a keyed fingerprint only. */
  readonly input: unknown;
}

const keptSeconds = 86_400;
/** Somebody who claimed a key and died leaves it to the next after so long. */
const claimSeconds = 30;
const waitMs = 50;

const claim = {
  name: 'idempotency_claim',
  text: `insert into idempotency (scope, key, fingerprint, created_at, expires_at)
    values ($1, $2, $3, $4, $4::timestamptz + make_interval(secs => ${claimSeconds}))
    on conflict (scope, key) do update set fingerprint = excluded.fingerprint, sealed = null,
      created_at = excluded.created_at, expires_at = excluded.expires_at
      where idempotency.expires_at <= excluded.created_at returning 1`,
};
const answerOf = {
  name: 'idempotency_answer',
  text: 'select fingerprint, sealed from idempotency where scope = $1 and key = $2',
};
const settle = {
  name: 'idempotency_settle',
  text: `update idempotency set sealed = $3, expires_at = $4::timestamptz + make_interval(secs => ${keptSeconds}) where scope = $1 and key = $2`,
};
const release = {
  name: 'idempotency_release',
  text: 'delete from idempotency where scope = $1 and key = $2 and sealed is null',
};

/** Input as text that is the same whatever the order of its members. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/**
 * Does something once for a key and gives the same answer to whoever asks again within 24 hours, also at the same time.
 * Work that fails leaves the key free.
 *
 * @throws IdempotencyMismatch  for a key that belongs to another request
 * @throws Unavailable          when the first request does not end in time
 */
export async function once<T>(
  { pool, config, clock, actor }: OnceParts,
  { address, key, input }: Repeatable,
  work: () => Promise<T>,
): Promise<T> {
  const secret = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', config.keys.token, '', purpose, 32));
  const hash = (text: string): Buffer => createHmac('sha256', secret('idempotency')).update(text).digest();
  const seal = createSecretKey(secret('idempotency answers'));
  const who = actor.kind === 'nobody' ? `address ${address}` : `${actor.kind} ${actor.id}`;
  const [scope, fingerprint] = [hash(who), hash(canonical(input))];
  const values = [scope, key];
  const context = `idempotency ${scope.toString('hex')} ${key}`;
  const claimed = (): Promise<boolean> =>
    pool.query({ ...claim, values: [...values, fingerprint, clock.now()] }).then(({ rowCount }) => rowCount === 1);
  for (let waited = 0; !(await claimed()); waited += waitMs) {
    const { rows } = await pool.query<{ fingerprint: Buffer; sealed: Buffer | null }>({ ...answerOf, values });
    const first = rows[0];
    if (first && !first.fingerprint.equals(fingerprint)) throw new IdempotencyMismatch();
    const answer = first?.sealed && decrypt(seal, context, first.sealed);
    if (answer) return JSON.parse(answer.toString()) as T;
    if (waited >= claimSeconds * 1000) throw new Unavailable(5);
    await pause(waitMs);
  }
  const answer = await work().catch(async (error: unknown) => {
    await pool.query({ ...release, values });
    throw error;
  });
  const sealed = encrypt(seal, context, Buffer.from(JSON.stringify(answer ?? null)));
  await pool.query({ ...settle, values: [...values, sealed, clock.now()] });
  return answer;
}
