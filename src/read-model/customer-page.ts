import type { QueryConfig } from 'pg';
import type { AccountStatus } from '../domain/account-status.ts';
import { invalid } from '../domain/errors.ts';
import { columns, firstLink, type Viewer } from './customer-statements.ts';

/** The orders of a list of customers. */
export const customerOrders = ['CREATED_DESC', 'CREATED_ASC', 'LAST_ACTIVITY_DESC'] as const;

/** One of {@link customerOrders}. */
export type CustomerOrder = (typeof customerOrders)[number];

/** Which customers, in which order, after which one. */
export interface PageQuery {
  /** 1 to 100. */
  readonly first: number;
  readonly after?: string | undefined;
  readonly order: CustomerOrder;
  readonly status?: readonly AccountStatus[] | undefined;
  readonly country?: string | undefined;
  readonly createdAfter?: Date | undefined;
  /** The keyed hashes of an address; null where no key of that parity is in use. */
  readonly email?: { readonly even: Buffer | null; readonly odd: Buffer | null } | undefined;
}

const orders = {
  CREATED_DESC: { column: 'created_at', field: 'createdAt', direction: 'desc', passes: '<' },
  CREATED_ASC: { column: 'created_at', field: 'createdAt', direction: 'asc', passes: '>' },
  LAST_ACTIVITY_DESC: { column: 'last_activity_at', field: 'lastActivityAt', direction: 'desc', passes: '<' },
} as const;

/** The place of a row in an order. Opaque to clients; names no customer but the one they were just shown. */
export function cursorOf(row: { id: string; createdAt: Date; lastActivityAt: Date }, order: CustomerOrder): string {
  return Buffer.from(`${order}/${row[orders[order].field].toISOString()}/${row.id}`).toString('base64url');
}

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const place = new RegExp(`^([A-Z_]+)/(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z)/(${uuid})$`);

/** @throws ValidationFailed for a cursor that is not ours, or of another order */
function readCursor(cursor: string, order: CustomerOrder): readonly [at: string, id: string] {
  const found = cursor.length <= 200 ? place.exec(Buffer.from(cursor, 'base64url').toString()) : null;
  const [, of, at = '', id = ''] = found ?? [];
  if (of !== order || Number.isNaN(Date.parse(at))) {
    throw invalid('after', 'cursor', 'This cursor does not come from this list.');
  }
  return [at, id];
}

/**
 * One row more than the page holds. The row comparison is written by hand: as `or` it is a filter that reads the whole
 * index up to the page (facts: 10 001 rows read against 4 buffers).
 *
 * @throws ValidationFailed for a cursor that is not from this list
 */
export function pageStatement(viewer: Viewer, query: PageQuery): QueryConfig {
  const { column, direction, passes } = orders[query.order];
  const place = query.after === undefined ? [] : readCursor(query.after, query.order);
  const byEmail = query.email !== undefined;
  const conditions = [
    "c.status <> 'ERASED'",
    '($3::text[] is null or c.status = any($3))',
    '($4::text is null or c.country = $4)',
    '($5::timestamptz is null or c.created_at > $5)',
    ...(byEmail ? ["(c.email_hash_even = $7 or c.email_hash_odd = $8) and c.status not in ('GUEST','MERGED')"] : []),
    ...(place.length
      ? [`(c.${column}, c.id) ${passes} ($${byEmail ? 9 : 7}::timestamptz, $${byEmail ? 10 : 8}::uuid)`]
      : []),
  ];
  return {
    name: `customers_page_${query.order.toLowerCase()}${byEmail ? '_email' : ''}${place.length ? '_after' : ''}`,
    text: `select ${columns} from customer c ${firstLink} where ${conditions.join(' and ')}
      order by c.${column} ${direction}, c.id ${direction} limit $6`,
    values: [
      viewer?.issuer,
      viewer?.subject,
      query.status ?? null,
      query.country ?? null,
      query.createdAfter ?? null,
      query.first + 1,
      ...(query.email ? [query.email.even, query.email.odd] : []),
      ...place,
    ],
  };
}
