import type { Ctx } from '../../context.ts';
import { may } from '../../domain/access.ts';
import type { AccountStatus } from '../../domain/account-status.ts';
import { Forbidden, type FieldIssue, invalid, ValidationFailed } from '../../domain/errors.ts';
import { parseCountry } from '../../domain/values/country.ts';
import { emailLookupOf, parseEmail } from '../../domain/values/email.ts';
import type { CustomerOrder, PageQuery } from '../../read-model/customer-page.ts';
import type { CustomerRow } from '../../read-model/customers.ts';

/** Which customers, as a door is asked. */
export interface CustomerListInput {
  readonly first: number;
  readonly after?: string | null | undefined;
  readonly orderBy?: CustomerOrder | null | undefined;
  readonly filter?:
    | {
        readonly status?: readonly AccountStatus[] | null | undefined;
        readonly country?: string | null | undefined;
        readonly emailExact?: string | null | undefined;
        readonly createdAfter?: string | null | undefined;
      }
    | null
    | undefined;
}

/** A page of customers, as the graph tells it. */
export interface CustomerList {
  readonly edges: readonly {
    readonly node: CustomerRow;
    readonly cursor: string;
    readonly matchedOn: readonly string[];
  }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

const most = 100;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

function parseInstant(text: string, path: string): Date {
  const instant = rfc3339.test(text) ? new Date(text) : new Date(Number.NaN);
  if (Number.isNaN(instant.getTime())) throw invalid(path, 'date_time', 'This is not a point in time (RFC 3339).');
  return instant;
}

/** Reads what was given, and keeps what is wrong with it. */
function reader(issues: FieldIssue[]) {
  return <T>(given: string | null | undefined, read: (text: string) => T): T | undefined => {
    if (given === null || given === undefined) return undefined;
    try {
      return read(given);
    } catch (error) {
      if (!(error instanceof ValidationFailed)) throw error;
      issues.push(...error.issues);
      return undefined;
    }
  };
}

function queryOf({ emailIndex }: Pick<Ctx, 'emailIndex'>, input: CustomerListInput): PageQuery {
  const { first, filter } = input;
  const issues: FieldIssue[] = [];
  const read = reader(issues);
  if (first < 1 || first > most) issues.push({ path: ['first'], rule: 'range', message: `From 1 to ${most}.` });
  const query: PageQuery = {
    first,
    after: input.after ?? undefined,
    order: input.orderBy ?? 'CREATED_DESC',
    status: filter?.status ?? undefined,
    country: read(filter?.country, (text) => parseCountry(text, 'filter.country')),
    createdAfter: read(filter?.createdAfter, (text) => parseInstant(text, 'filter.createdAfter')),
    email: read(filter?.emailExact, (text) => emailIndex.hashes(emailLookupOf(parseEmail(text, 'filter.emailExact')))),
  };
  if (issues.length) throw new ValidationFailed(issues);
  return query;
}

/**
 * A page of customers.
 *
 * @throws Forbidden         without `customer:read`
 * @throws ValidationFailed  for a filter that cannot be, or a cursor of another list
 */
export async function listCustomers(
  ctx: Pick<Ctx, 'actor' | 'customers' | 'emailIndex'>,
  input: CustomerListInput,
): Promise<CustomerList> {
  if (!may(ctx.actor, 'customer:read')) throw new Forbidden();
  const query = queryOf(ctx, input);
  const { rows, hasNextPage } = await ctx.customers.page(query);
  const matchedOn = query.email ? ['email'] : [];
  return {
    edges: rows.map(({ row, cursor }) => ({ node: row, cursor, matchedOn })),
    pageInfo: {
      hasNextPage,
      hasPreviousPage: query.after !== undefined,
      startCursor: rows[0]?.cursor ?? null,
      endCursor: rows.at(-1)?.cursor ?? null,
    },
  };
}
