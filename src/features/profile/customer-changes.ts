import type { Ctx } from '../../context.ts';
import { isOwn } from '../../domain/access.ts';
import { Forbidden, invalid } from '../../domain/errors.ts';
import { changeReasons } from '../../domain/events.ts';
import type { CustomerRow } from '../../read-model/customers.ts';
import { ownCustomer } from './profile-service.ts';

/** Why a customer changed, in the words of the graph. */
export const streamedReasons = ['SNAPSHOT', ...changeReasons, 'CONSENT', 'LOYALTY', 'SEGMENT', 'PRIVACY'] as const;

/** One of {@link streamedReasons}. */
export type StreamedReason = (typeof streamedReasons)[number];

/** One change of a customer, with the customer as she is when it is told. */
export interface CustomerChange {
  /** Where to go on from: how many facts she had. */
  readonly cursor: string;
  readonly customer: CustomerRow;
  readonly changedPaths: readonly string[];
  readonly reason: StreamedReason;
  readonly snapshot: boolean;
}

interface Fact {
  readonly sequence: number;
  readonly event: {
    readonly actortype?: string;
    readonly data?: { readonly changed?: unknown; readonly reason?: unknown };
  };
}

/** Facts told at once; a client that was away for longer gets them in several turns. */
const batch = 200;

const factsAfter = {
  name: 'customer_facts_after',
  text: `select sequence, event from outbox
    where customer_id = $1 and sequence > $2 order by sequence limit ${batch}`,
};

/** Whether the fact after the cursor is one we still tell; older ones are summed up by a snapshot (design §4). */
const oldestTold = {
  name: 'customer_cursor_is_fresh',
  text: `select exists (select from outbox
    where customer_id = $1 and sequence = $2 + 1 and created_at > $3::timestamptz - interval '7 days') as fresh`,
};

function reasonOf({ event }: Fact): StreamedReason {
  const reason = changeReasons.find((one) => one === event.data?.reason);
  if (reason) return reason;
  return event.actortype === 'customer' ? 'SELF' : event.actortype === 'staff' ? 'STAFF' : 'SYSTEM';
}

function pathsOf({ event }: Fact): string[] {
  const changed = event.data?.changed;
  return Array.isArray(changed) ? changed.filter((path) => typeof path === 'string') : [];
}

function cursorFrom(after: string): number {
  if (!/^\d{1,9}$/.test(after)) throw invalid('after', 'cursor', 'This cursor does not come from this stream.');
  return Number(after);
}

type Needs = Pick<Ctx, 'actor' | 'customers' | 'pool' | 'clock' | 'live'>;

/** Where to begin: after the client's cursor if nothing is missing since, else undefined for a snapshot. */
async function beginning(ctx: Needs, own: CustomerRow, after: string | undefined): Promise<number | undefined> {
  if (after === undefined) return undefined;
  const cursor = cursorFrom(after);
  if (cursor > own.sequence) throw invalid('after', 'cursor', 'This cursor does not come from this stream.');
  if (cursor === own.sequence) return cursor;
  const { rows } = await ctx.pool.query<{ fresh: boolean }>({
    ...oldestTold,
    values: [own.id, cursor, ctx.clock.now()],
  });
  return rows[0]?.fresh ? cursor : undefined;
}

/** Tells everything after a cursor, each with the customer as the viewer may see her now; returns undefined when she may no longer. */
async function* changesAfter(
  ctx: Needs,
  id: string,
  after: number,
): AsyncGenerator<CustomerChange, number | undefined> {
  for (let cursor = after; ;) {
    const { rows } = await ctx.pool.query<Fact>({ ...factsAfter, values: [id, cursor] });
    const customer = await ctx.customers.fresh(id);
    if (!customer || !isOwn(customer.view)) return undefined;
    if (!rows.length) return cursor;
    for (const fact of rows) {
      cursor = fact.sequence;
      yield {
        cursor: String(cursor),
        customer,
        changedPaths: pathsOf(fact),
        reason: reasonOf(fact),
        snapshot: false,
      };
    }
  }
}

/**
 * Tells every change of one's own customer: a snapshot first, or what came after the cursor, then each change as it
 * comes. The channel is opened before the first read, so nothing falls between the two. Ends when `signal` does, and
 * when the viewer may no longer see her own record.
 *
 * @throws Forbidden         for whoever is no customer
 * @throws ValidationFailed  for a cursor that is not hers
 */
export async function* followOwnCustomer(
  ctx: Needs,
  after: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<CustomerChange, void> {
  const first = await ownCustomer(ctx);
  if (!first) throw new Forbidden();
  const told = ctx.live.subscribe(first.id, signal);
  const own = await ctx.customers.fresh(first.id);
  if (!own || !isOwn(own.view)) return;
  let cursor = await beginning(ctx, own, after);
  if (cursor === undefined) {
    cursor = own.sequence;
    yield { cursor: String(cursor), customer: own, changedPaths: [], reason: 'SNAPSHOT', snapshot: true };
  }
  cursor = yield* changesAfter(ctx, own.id, cursor);
  for await (const { sequence } of told) {
    if (cursor === undefined) return;
    if (sequence > cursor) cursor = yield* changesAfter(ctx, own.id, cursor);
    if (cursor === undefined) return;
  }
}

const longestTimer = 2 ** 31 - 1;

/** {@link followOwnCustomer} as a stream that ends with the viewer's token, and at once when the client leaves it. */
export function streamOwnCustomer(ctx: Needs, after: string | undefined): AsyncIterableIterator<CustomerChange> {
  const left = new AbortController();
  const { expiresAt } = ctx.actor;
  const milliseconds = expiresAt === undefined ? longestTimer : expiresAt * 1000 - ctx.clock.now().getTime();
  const expiry = AbortSignal.timeout(Math.min(Math.max(milliseconds, 0), longestTimer));
  const changes = followOwnCustomer(ctx, after, AbortSignal.any([left.signal, expiry]));
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => changes.next(),
    return: () => {
      left.abort();
      return changes.return();
    },
  };
}
