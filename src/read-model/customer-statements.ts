import type { QueryConfig } from 'pg';
import type { Identity } from '../domain/access.ts';

/** Who looks: the identity that decides which row is one's own. Null for whoever has none. */
export type Viewer = Identity | undefined;

/** How a customer can be named. An e-mail address comes as its keyed hashes, one of each parity (see the table). */
export type CustomerRef =
  | { readonly by: 'id'; readonly id: string }
  | { readonly by: 'email'; readonly even: Buffer | null; readonly odd: Buffer | null }
  | { readonly by: 'identity'; readonly issuer: string; readonly subject: string };

/** The row, and whether it is the viewer's own: `$1` and `$2` are her identity in every statement. */
export const columns = `
  c.id, c.status, c.version, c.sequence, c.key_id as "keyId", c.sealed, c.email_verified as "emailVerified",
  c.locale, c.country, c.created_at as "createdAt", c.last_activity_at as "lastActivityAt", f.issuer, f.subject,
  exists (select from identity_link o where o.customer_id = c.id and o.issuer = $1 and o.subject = $2) as own`;

/** The link she signs in with first, to be joined to `c`. */
export const firstLink = `left join lateral (select issuer, subject from identity_link
    where customer_id = c.id order by linked_at, issuer, subject limit 1) f on true`;

/** By id. An erased customer is as if she had never been. */
export function byIds(viewer: Viewer, ids: readonly string[]): QueryConfig {
  return {
    name: 'customers_by_id',
    text: `select ${columns} from customer c ${firstLink} where c.id = any($3::uuid[]) and c.status <> 'ERASED'`,
    values: [viewer?.issuer, viewer?.subject, ids],
  };
}

/** The viewer's own customer. */
export function byOwnIdentity(viewer: Identity): QueryConfig {
  return {
    name: 'customer_of_viewer',
    text: `select ${columns} from identity_link v join customer c on c.id = v.customer_id ${firstLink}
      where v.issuer = $1 and v.subject = $2 and c.status <> 'ERASED'`,
    values: [viewer.issuer, viewer.subject],
  };
}

const anyKind = `
  with wanted as (
    select w.ref, w.id from unnest($3::int[], $4::uuid[]) as w (ref, id)
    union all
    select w.ref, e.id from unnest($5::int[], $6::bytea[], $7::bytea[]) as w (ref, even, odd)
      join customer e on (e.email_hash_even = w.even or e.email_hash_odd = w.odd)
        and e.status not in ('GUEST','ERASED','MERGED')
    union all
    select w.ref, l.customer_id from unnest($8::int[], $9::text[], $10::text[]) as w (ref, issuer, subject)
      join identity_link l on l.issuer = w.issuer and l.subject = w.subject
  )
  select wanted.ref, ${columns} from wanted join customer c on c.id = wanted.id ${firstLink} where c.status <> 'ERASED'`;

/** By any mix of keys; `ref` of each row is the place of the key in the list. */
export function byRefs(viewer: Viewer, refs: readonly CustomerRef[]): QueryConfig {
  const numbered = refs.map((ref, at) => ({ ref, at }));
  const ids = numbered.flatMap(({ ref, at }) => (ref.by === 'id' ? [{ at, ...ref }] : []));
  const emails = numbered.flatMap(({ ref, at }) => (ref.by === 'email' ? [{ at, ...ref }] : []));
  const identities = numbered.flatMap(({ ref, at }) => (ref.by === 'identity' ? [{ at, ...ref }] : []));
  return {
    name: 'customers_by_any_key',
    text: anyKind,
    values: [
      viewer?.issuer,
      viewer?.subject,
      ids.map(({ at }) => at),
      ids.map(({ id }) => id),
      emails.map(({ at }) => at),
      emails.map(({ even }) => even),
      emails.map(({ odd }) => odd),
      identities.map(({ at }) => at),
      identities.map(({ issuer }) => issuer),
      identities.map(({ subject }) => subject),
    ],
  };
}
