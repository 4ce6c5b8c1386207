import type pg from 'pg';
import { addressless } from '../domain/account-status.ts';
import type { Person } from '../domain/person.ts';
import { type EmailIndex, emailLookupOf } from '../domain/values/email.ts';
import type { Clock } from '../platform/clock.ts';
import type { CustomerKeys } from '../platform/keys.ts';
import type { Seal } from '../platform/personal-data.ts';

/** What keeping keys in order needs. */
export interface UpkeepParts {
  readonly pool: pg.Pool;
  readonly keys: CustomerKeys;
  readonly seal: Seal;
  readonly emailIndex: EmailIndex;
  readonly clock: Clock;
}

const batchSize = 500;
const first = '00000000-0000-0000-0000-000000000000';
/** A key is committed before what it seals; nothing takes so long in between. */
const orphanAfterMs = 24 * 3_600_000;
/** A night's failed registrations; more, and 1 % of all, mean a main database that is not the one of these keys. */
const mostOrphans = 100;
const mostShare = 0.01;

interface AddressRow {
  readonly id: string;
  readonly keyId: string;
  readonly sealed: Buffer;
}

// A hash begins with its key's version, which says what is left to do: a killed run goes on by itself.
const outdatedRows = `select id, key_id as "keyId", sealed from customer
  where id > $1 and status <> all($2) and (email_hash_even is not null or email_hash_odd is not null)
    and (coalesce(substring(email_hash_even for 2), ''), coalesce(substring(email_hash_odd for 2), '')) <> ($3::bytea, $4::bytea)
  order by id limit ${batchSize}`;
// Whoever changed meanwhile was hashed with the keys in use.
const writeHashes = `update customer c set email_hash_even = n.even, email_hash_odd = n.odd
  from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[]) as n (id, sealed, even, odd)
  where c.id = n.id and c.sealed = n.sealed`;

async function hashAgain({ pool, keys, seal, emailIndex }: UpkeepParts, rows: readonly AddressRow[]): Promise<void> {
  const found = await keys.getMany([...new Set(rows.map(({ keyId }) => keyId))]);
  const hashed = rows.flatMap(({ id, keyId, sealed }) => {
    const key = found.get(keyId);
    if (!key) return [];
    const place = { table: 'customer', column: 'sealed', row: id, keyId };
    const { email } = JSON.parse(seal.open(key, place, sealed)) as Person;
    return email ? [{ id, sealed, ...emailIndex.hashes(emailLookupOf(email.address)) }] : [];
  });
  const column = <K extends keyof (typeof hashed)[number]>(name: K) => hashed.map((row) => row[name]);
  await pool.query(writeHashes, [column('id'), column('sealed'), column('even'), column('odd')]);
}

/**
 * Hashes every address with the index keys in use, and drops hashes of keys that are not. Afterwards an older key can
 * leave the configuration.
 *
 * @returns how many customers were looked at
 */
export async function reindexAddresses(parts: UpkeepParts): Promise<number> {
  const { even, odd } = parts.emailIndex.versions;
  const versions = [even ?? Buffer.alloc(0), odd ?? Buffer.alloc(0)];
  let count = 0;
  for (let after = first; ;) {
    const { rows } = await parts.pool.query<AddressRow>(outdatedRows, [after, addressless, ...versions]);
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
