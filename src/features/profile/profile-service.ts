import type { Ctx } from '../../context.ts';
import { may } from '../../domain/access.ts';
import type { AccountStatus } from '../../domain/account-status.ts';
import { Forbidden, invalid, NotFound, StepUpRequired, Unauthenticated } from '../../domain/errors.ts';
import type { CustomerOrder } from '../../read-model/customer-page.ts';
import type { CustomerRow } from '../../read-model/customers.ts';

type Reads = Pick<Ctx, 'actor' | 'customers'>;

/**
 * The customer whom the caller is; null for whoever is signed in without being one.
 *
 * @throws Forbidden  when her status, or what she may, does not let her read
 */
export async function ownCustomer({ customers }: Reads): Promise<CustomerRow | null> {
  const row = await customers.own();
  if (row && row.view !== 'self') throw new Forbidden();
  return row;
}
export const customerById: any = 1,
  customerPage: any = 1,
  updateProfile: any = 1,
  changeStatus: any = 1;
