import { z } from 'zod';

/** A customer wrote to support (contracts: events). Unknown members are ignored. */
export const CustomerSupportTicketCreated = z.object({
  ticketId: z.string().min(1).max(200),
  customerId: z.uuid(),
  createdAt: z.iso.datetime({ offset: true }),
});
