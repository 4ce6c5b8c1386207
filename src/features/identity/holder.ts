import type { Ctx } from '../../context.ts';
import type { EmailLookup } from '../../domain/values/email.ts';
import type { PhoneNumber } from '../../domain/values/phone-number.ts';

/** Who has an address. */
export interface Holder {
  readonly customerId: string;
  /** Whether it is hers to keep: proven, or once proven. Anybody else loses it to whoever proves it (design, decision 9). */
  readonly owns: boolean;
  readonly since: Date;
}

/** Who has this address among those who hold one; at most one customer does. */
export async function holderOf(
  { pool, emailIndex }: Pick<Ctx, 'pool' | 'emailIndex'>,
  lookup: EmailLookup,
): Promise<Holder | undefined> {
  const { even, odd } = emailIndex.hashes(lookup);
  const { rows } = await pool.query<Holder>({
    name: 'holder-of-address',
    text: `select id as "customerId", email_verified or activated_at is not null as owns, created_at as since
      from customer
      where (email_hash_even = $1 or email_hash_odd = $2) and status not in ('GUEST','ERASED','MERGED')`,
    values: [even, odd],
  });
  return rows[0];
}

/** Whose this number is; at most one customer has proven it. */
export async function holderOfPhone(
  { pool, phoneIndex }: Pick<Ctx, 'pool' | 'phoneIndex'>,
  number: PhoneNumber,
): Promise<string | undefined> {
  const { even, odd } = phoneIndex.hashes(number);
  const { rows } = await pool.query<{ id: string }>({
    name: 'holder-of-phone',
    text: `select id from customer
      where (phone_hash_even = $1 or phone_hash_odd = $2) and status not in ('GUEST','ERASED','MERGED')`,
    values: [even, odd],
  });
  return rows[0]?.id;
}
