import type { Ctx } from '../../context.ts';
import { type Acting, isOwn, may } from '../../domain/access.ts';
import type { AccountStatus } from '../../domain/account-status.ts';
import type { CustomerAccount } from '../../domain/customer-account.ts';
import { Forbidden, NotFound, StatusConflict, Unauthenticated } from '../../domain/errors.ts';
import type { ProfileInput } from '../../domain/profile.ts';
import { twoSidedFields } from '../../domain/two-sided-field.ts';
import { parseReason } from '../../domain/values/reason.ts';
import { forUpdate, ownForUpdate } from '../../messaging/for-update.ts';
import { tellProviderTask, tellStatusTask } from '../../messaging/shared-tasks.ts';
import type { CustomerRow } from '../../read-model/customers.ts';
import { mustBeSteppedUp } from '../../read-model/step-up.ts';

type Reads = Pick<Ctx, 'actor' | 'customers'>;
type Writes = Reads & Pick<Ctx, 'transact' | 'clock' | 'work' | 'config' | 'pool'>;

/**
 * The customer whom the caller is; null for whoever is signed in without being one.
 *
 * @throws Forbidden  when her status, or what she may, does not let her read
 */
export async function ownCustomer({ customers }: Reads): Promise<CustomerRow | null> {
  const row = await customers.own();
  if (row && !isOwn(row.view)) throw new Forbidden();
  return row;
}

/**
 * A customer by id.
 *
 * @throws Forbidden  without `customer:read`
 */
export async function customerById({ actor, customers }: Reads, id: string): Promise<CustomerRow | null> {
  if (!may(actor, 'customer:read')) throw new Forbidden();
  return customers.byId(id);
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Who changes whom: herself, or staff somebody with a reason. */
interface Target {
  readonly by: 'SELF' | 'STAFF';
  readonly load: (em: Parameters<typeof forUpdate>[0]) => Promise<CustomerAccount>;
  readonly reason: string | undefined;
}

/**
 * Staff who act for a customer change her record and nobody else's. Why, they said when they began.
 *
 * @throws Forbidden, NotFound, ValidationFailed
 */
function targetOfActing(acting: Acting, customerId?: string | null, reason?: string | null): Target {
  if (!acting.write) throw new Forbidden();
  if (typeof customerId === 'string' && customerId.toLowerCase() !== acting.customerId) throw new NotFound();
  const said = typeof reason === 'string' && reason.trim() ? parseReason(reason) : undefined;
  return { by: 'STAFF', load: (em) => forUpdate(em, acting.customerId), reason: said };
}

/**
 * Whom a change is about, and whether the caller may make it.
 *
 * @throws Unauthenticated, Forbidden
 * @throws NotFound          for another's id without the permission, as if it did not exist
 * @throws ValidationFailed  for staff without a reason
 */
async function targetOf(
  { actor, customers }: Reads,
  {
    customerId,
    reason,
  }: { readonly customerId?: string | null | undefined; readonly reason?: string | null | undefined },
): Promise<Target> {
  if (actor.kind === 'nobody') throw new Unauthenticated();
  if (actor.acting) return targetOfActing(actor.acting, customerId, reason);
  const { identity } = actor;
  if (typeof customerId === 'string' && may(actor, 'customer:write')) {
    if (!uuid.test(customerId)) throw new NotFound();
    return { by: 'STAFF', load: (em) => forUpdate(em, customerId), reason: parseReason(reason) };
  }
  if (!may(actor, 'customer:self') || !identity) throw new Forbidden();
  if (typeof customerId === 'string' && (await customers.own())?.id !== customerId.toLowerCase()) throw new NotFound();
  const said = typeof reason === 'string' && reason.trim() ? parseReason(reason) : undefined;
  return { by: 'SELF', load: (em) => ownForUpdate(em, identity), reason: said };
}

/** The customer after a change, as the caller may see her. */
async function afterwards({ customers }: Reads, id: string): Promise<CustomerRow> {
  const row = await customers.fresh(id);
  if (!row) throw new NotFound();
  return row;
}

/** What is to change, and whose. */
export interface ProfileChange extends ProfileInput {
  readonly customerId?: string | null | undefined;
  readonly reason?: string | null | undefined;
  readonly expectedVersion: number;
}

/**
 * Changes names, birth date, language or country: one's own, or somebody's by staff with a reason.
 *
 * @throws Unauthenticated, Forbidden, NotFound, ValidationFailed, VersionConflict, StatusConflict
 */
export async function updateProfile(ctx: Writes, input: ProfileChange): Promise<CustomerRow> {
  const { by, load, reason } = await targetOf(ctx, input);
  const id = await ctx.transact(async (em) => {
    const account = await load(em);
    const changed = account.updateProfile(input, input.expectedVersion, { at: ctx.clock.now(), by });
    if (twoSidedFields.some((field) => changed.includes(field))) {
      await ctx.work.enqueue(em, tellProviderTask, account.id);
    }
    return account.id;
  }, reason);
  return afterwards(ctx, id);
}

/** A status an account shall have, and whose. */
export interface StatusChange {
  readonly customerId?: string | null | undefined;
  readonly expectedVersion: number;
  readonly status: AccountStatus;
  readonly reason: string;
}

/**
 * Closes one's own account, or suspends, opens or closes somebody's by staff. Keycloak follows by a job.
 *
 * @throws Unauthenticated, Forbidden, NotFound, ValidationFailed, VersionConflict, StatusConflict, StepUpRequired
 */
export async function changeStatus(ctx: Writes, input: StatusChange): Promise<CustomerRow> {
  const { status, expectedVersion } = input;
  if (ctx.actor.acting) throw new Forbidden();
  const { by, load } = await targetOf(ctx, input);
  const reason = parseReason(input.reason);
  if (by === 'SELF' && status !== 'DEACTIVATED') throw new Forbidden();
  if (by === 'STAFF') await mustBeSteppedUp(ctx);
  const id = await ctx.transact(async (em) => {
    const account = await load(em);
    account.expectVersion(expectedVersion);
    if (by === 'SELF' && account.status !== 'ACTIVE') throw new StatusConflict(account.status, status);
    account.changeStatus(status, by === 'SELF' ? 'CUSTOMER_REQUEST' : 'STAFF', { at: ctx.clock.now(), by });
    await ctx.work.enqueue(em, tellStatusTask, account.id);
    return account.id;
  }, reason);
  return afterwards(ctx, id);
}
