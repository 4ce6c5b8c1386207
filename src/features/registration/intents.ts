import { createHash } from 'node:crypto';
import type { Ctx } from '../../context.ts';
import type { Registration } from './registration-input.ts';

/** What a form carried and nobody may see before the address is proven. */
export interface IntentValues {
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly guestToken: string | null;
}

/** A stored intent, opened. */
export interface OpenIntent extends IntentValues {
  /** Hash of what the browser keeps that sent the form; null for a form without a browser. */
  readonly browserHash: Buffer | null;
}

type IntentCtx = Pick<Ctx, 'pool' | 'keys' | 'seal' | 'clock'>;

const placeOf = (customerId: string, keyId: string) =>
  ({ table: 'registration_intent', column: 'sealed', row: customerId, keyId }) as const;

/** What is stored of a browser's secret. It has full entropy, so that a plain hash cannot be guessed back. */
export function hashOfBrowser(secret: string): Buffer {
  return createHash('sha256').update('registration-browser\0').update(secret).digest();
}

/** Commits a form under the id and the key its customer will have. Earlier forms of the address are forgotten. */
export async function storeIntent(
  ctx: IntentCtx & Pick<Ctx, 'config' | 'emailIndex'>,
  customerId: string,
  wanted: Registration,
): Promise<void> {
  const { givenName, familyName, guestToken, browserSecret } = wanted;
  const { id: keyId, key } = await ctx.keys.create();
  const values: IntentValues = { givenName: givenName ?? null, familyName: familyName ?? null, guestToken };
  const sealed = ctx.seal.seal(key, placeOf(customerId, keyId), JSON.stringify(values));
  const now = ctx.clock.now();
  const expires = new Date(now.getTime() + ctx.config.registration.unprovenDays * 86_400_000);
  await ctx.pool.query({
    name: 'intent-store',
    text: `with earlier as (delete from registration_intent where email_hash = any($9::bytea[]))
      insert into registration_intent (customer_id, key_id, sealed, email_hash, browser_hash, locale, country, created_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $10)`,
    values: [
      customerId,
      keyId,
      sealed,
      ctx.emailIndex.current(wanted.lookup),
      browserSecret ? hashOfBrowser(browserSecret) : null,
      wanted.locale,
      wanted.country,
      now,
      ctx.emailIndex.lookups(wanted.lookup),
      expires,
    ],
  });
}

/** What the customer's form carried; undefined when there was none, or it is used up. */
export async function openIntent(ctx: IntentCtx, customerId: string): Promise<OpenIntent | undefined> {
  const { rows } = await ctx.pool.query<{ keyId: string; sealed: Buffer; browserHash: Buffer | null }>({
    name: 'intent-open',
    text: `select key_id as "keyId", sealed, browser_hash as "browserHash" from registration_intent
      where customer_id = $1 and expires_at > $2`,
    values: [customerId, ctx.clock.now()],
  });
  const [row] = rows;
  const key = row && (await ctx.keys.getMany([row.keyId])).get(row.keyId);
  if (!row || !key) return undefined;
  const values = JSON.parse(ctx.seal.open(key, placeOf(customerId, row.keyId), row.sealed)) as IntentValues;
  return { ...values, browserHash: row.browserHash };
}

/** Forgets what a form carried. */
export async function dropIntent({ pool }: Pick<Ctx, 'pool'>, customerId: string): Promise<void> {
  const text = 'delete from registration_intent where customer_id = $1';
  await pool.query({ name: 'intent-drop', text, values: [customerId] });
}

/** Forgets what expired without a proof. */
export async function dropExpiredIntents({ pool, clock }: Pick<Ctx, 'pool' | 'clock'>): Promise<void> {
  const text = 'delete from registration_intent where expires_at <= $1';
  await pool.query({ name: 'intent-expire', text, values: [clock.now()] });
}
