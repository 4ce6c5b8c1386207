import type pg from 'pg';
import { addressless } from '../domain/account-status.ts';
import type { Person } from '../domain/person.ts';
import { type EmailIndex, emailLookupOf } from '../domain/values/email.ts';
import type { Clock } from '../platform/clock.ts';
import type { KeyedHash, ParityHashes } from '../platform/keyed-hash.ts';
import type { CustomerKeys } from '../platform/keys.ts';
import type { Seal } from '../platform/personal-data.ts';

/** What keeping keys in order needs. */
export interface UpkeepParts {
  readonly pool: pg.Pool;
  readonly keys: CustomerKeys;
  readonly seal: Seal;
  readonly emailIndex: EmailIndex;
  readonly phoneIndex: KeyedHash;
  readonly clock: Clock;
}

const batchSize = 500;
const first = '00000000-0000-0000-0000-000000000000';
/** A key is committed before what it seals; nothing takes so long in between. */
const orphanAfterMs = 24 * 3_600_000;
/** A night's failed registrations; more, and 1 % of all, mean a main database that is not the one of these keys. */
const mostOrphans = 100;
const mostShare = 0.01;

interface ContactRow {
  readonly id: string;
  readonly keyId: string;
  readonly sealed: Buffer;
  readonly phoneVerified: boolean;
}

/** Hashed at all, but not with exactly the keys in use. */
const isOutdated = (contact: string): string => `(
  (${contact}_hash_even is not null or ${contact}_hash_odd is not null)
    and (coalesce(substring(${contact}_hash_even for 2), ''), coalesce(substring(${contact}_hash_odd for 2), ''))
      <> ($3::bytea, $4::bytea))`;
// A hash begins with its key's version, which says what is left to do: a killed run goes on by itself.
const outdatedRows = `select id, key_id as "keyId", sealed, phone_verified as "phoneVerified" from customer
  where id > $1 and status <> all($2) and (${isOutdated('email')} or ${isOutdated('phone')})
  order by id limit ${batchSize}`;
// Whoever changed meanwhile was hashed with the keys in use.
const writeHashes = `update customer c set email_hash_even = n.even, email_hash_odd = n.odd,
    phone_hash_even = n.phone_even, phone_hash_odd = n.phone_odd
  from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[])
    as n (id, sealed, even, odd, phone_even, phone_odd)
  where c.id = n.id and c.sealed = n.sealed`;

const none: ParityHashes = { even: null, odd: null };

async function hashAgain(parts: UpkeepParts, rows: readonly ContactRow[]): Promise<void> {
  const { pool, keys, seal, emailIndex, phoneIndex } = parts;
  const found = await keys.getMany([...new Set(rows.map(({ keyId }) => keyId))]);
  const hashed = rows.flatMap(({ id, keyId, sealed, phoneVerified }) => {
    const key = found.get(keyId);
    if (!key) return [];
    const place = { table: 'customer', column: 'sealed', row: id, keyId };
    const { email, phone } = JSON.parse(seal.open(key, place, sealed)) as Person;
    const { even, odd } = email ? emailIndex.hashes(emailLookupOf(email.address)) : none;
    const ofPhone = phone && phoneVerified ? phoneIndex.hashes(phone.number) : none;
    return [{ id, sealed, even, odd, phoneEven: ofPhone.even, phoneOdd: ofPhone.odd }];
  });
  const column = <K extends keyof (typeof hashed)[number]>(name: K) => hashed.map((row) => row[name]);
  const columns = [column('even'), column('odd'), column('phoneEven'), column('phoneOdd')];
  await pool.query(writeHashes, [column('id'), column('sealed'), ...columns]);
}

/**
 * Hashes every address and number with the index keys in use, and drops hashes of keys that are not. Afterwards an older key can
 * leave the configuration.
 *
 * @returns how many customers were looked at
 */
export async function reindexAddresses(parts: UpkeepParts): Promise<number> {
  const { even, odd } = parts.emailIndex.versions;
  const versions = [even ?? Buffer.alloc(0), odd ?? Buffer.alloc(0)];
  let count = 0;
  for (let after = first; ;) {
    const { rows } = await parts.pool.query<ContactRow>(outdatedRows, [after, addressless, ...versions]);
    const last = rows.at(-1);
    if (!last) return count;
    await hashAgain(parts, rows);
    count += rows.length;
    after = last.id;
  }
}

/** Wraps every customer key with the current key-encryption key. Returns how many there were. */
export async function rewrapKeys({ keys }: Pick<UpkeepParts, 'keys'>): Promise<number> {
  let count = 0;
  for (let wrapped = await keys.rewrap(batchSize); wrapped; wrapped = await keys.rewrap(batchSize)) count += wrapped;
  return count;
}

const ofNobody = `select id from unnest($1::uuid[]) as key (id)
  where not exists (select from customer where key_id = key.id)
    and not exists (select from registration_intent where key_id = key.id)`;

/** So many keys have sealed nothing that the main database must be another one, or restored. */
export class TooManyOrphans extends Error {
  constructor(orphans: number, all: number) {
    super(
      `${orphans} of ${all} customer keys have sealed nothing: none is deleted. Is this the database of these keys?`,
    );
  }
}

/**
 * Deletes keys that have sealed nothing for a day: of registrations that failed half-way. Returns how many.
 *
 * @throws TooManyOrphans  and deletes none: a deleted key is gone for ever, with all that it sealed
 */
export async function sweepKeys({ keys, pool, clock }: UpkeepParts): Promise<number> {
  const before = new Date(clock.now().getTime() - orphanAfterMs);
  const orphans: string[] = [];
  let all = 0;
  for (let after: string | undefined = first; after;) {
    const ids: string[] = await keys.madeBefore(before, after, batchSize);
    const { rows } = await pool.query<{ id: string }>(ofNobody, [ids]);
    orphans.push(...rows.map(({ id }) => id));
    all += ids.length;
    after = ids.at(-1);
  }
  if (orphans.length > mostOrphans && orphans.length > all * mostShare) throw new TooManyOrphans(orphans.length, all);
  await keys.remove(orphans);
  return orphans.length;
}
