import { CustomerSupportTicketCreated } from '../../domain/consumed-events.ts';
import { type Consumer, NotYetKnown, on } from '../../messaging/consumer.ts';

/** The stream of the support context. */
export const supportStream = 'support.events';

// The column only says when she was last heard of: no fact, no entry in her audit (design, decision 25).
const heardOf = `update customer set last_activity_at = greatest(last_activity_at, ?::timestamptz)
  where id = ? returning id`;

/** A ticket counts as activity; an older one moves nothing. */
export const historyConsumers: readonly Consumer[] = [
  on('support.CustomerSupportTicketCreated.v1', CustomerSupportTicketCreated, async ({ em }, ticket) => {
    const rows: unknown[] = await em.execute(heardOf, [ticket.createdAt, ticket.customerId]);
    if (!rows.length) throw new NotYetKnown();
  }),
];
