import { v7 as uuidv7 } from 'uuid';
import type { Ctx, Parts } from '../../context.ts';
import { type Acting, type Actor, holderOfToken, may, statusRules } from '../../domain/access.ts';
import { Forbidden, NotFound, RateLimited, StatusConflict, Unauthenticated, Unavailable } from '../../domain/errors.ts';
import { parseReason } from '../../domain/values/reason.ts';
import { mustBeSteppedUp } from '../../read-model/step-up.ts';
import { allForUpdate, forUpdate } from '../../messaging/for-update.ts';
import {
  endActingRow,
  endOverdue,
  findActing,
  insertActing,
  type StaffSession,
  type StoredActing,
} from './acting-store.ts';

/** What these functions need. */
export type ActingCtx = Pick<
  Ctx,
  'actor' | 'clock' | 'config' | 'customers' | 'limits' | 'log' | 'pool' | 'request' | 'transactAs'
>;

/** How long one may act for a customer (design, decision 30). */
const lastsMs = 15 * 60_000;
/** Of one staff member in an hour: more is no support, but reading through the customers. */
const mostPerHour = 60;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The session that an acting belongs to; undefined for whoever has none: services, and tokens without `sid`. */
function sessionOf(actor: Actor): StaffSession | undefined {
  const by = holderOfToken(actor);
  return actor.kind === 'person' && by && actor.sessionId ? { by, sid: actor.sessionId } : undefined;
}

/**
 * The session of staff who may act for customers. Their permission counts with a second factor only; that is asked once
 * more here, where it matters most.
 *
 * @throws Unauthenticated, Forbidden
 */
function staffSessionOf(actor: Actor): StaffSession {
  if (actor.kind === 'nobody') throw new Unauthenticated();
  const session = sessionOf(actor);
  if (!session || !may(actor, 'customer:act-for') || actor.acr !== '2') throw new Forbidden();
  return session;
}

/** @throws Forbidden, StepUpRequired for staff who may not change the record by themselves, or proved long ago who they are */
async function mayGrantWriting(ctx: ActingCtx): Promise<void> {
  if (!may(ctx.actor, 'customer:write')) throw new Forbidden();
  await mustBeSteppedUp(ctx);
}

/** In the name of the acting: so its number and its reason stand in the entry. */
const actOf = ({ actor, request }: ActingCtx, acting: Acting) => ({
  actor: { ...actor, acting },
  requestId: request.id,
  reason: acting.reason,
});

/** Ends what is under way in the session, and leaves its end with the customer. Returns whether there was something. */
async function endIn(ctx: ActingCtx, session: StaffSession, reason: 'STAFF' | 'REPLACED'): Promise<boolean> {
  const at = ctx.clock.now();
  const acting = await findActing(ctx.pool, session, at);
  if (!acting) return false;
  return ctx.transactAs(actOf(ctx, acting), async (em) => {
    // Her row first, as everybody does who changes her and thereby ends this.
    const [account] = await allForUpdate(em, [acting.customerId]);
    const ended = await endActingRow(em, acting.id, reason, at);
    if (ended && account?.person) account.actedFor('ACTING_ENDED');
    return ended;
  });
}

async function open(ctx: ActingCtx, { sid, by }: StaffSession, acting: Acting, startedAt: Date): Promise<boolean> {
  return ctx.transactAs(actOf(ctx, acting), async (em) => {
    const account = await forUpdate(em, acting.customerId);
    if (account.status === 'ERASED') throw new NotFound();
    if (!statusRules[account.status].ownReads) throw new StatusConflict(account.status);
    await endOverdue(em, { sid, by }, startedAt);
    const opened = await insertActing(em, acting, { sid, startedAt });
    if (opened) account.actedFor('ACTING_BEGAN');
    return opened;
  });
}

/** An acting that is under way. */
export type Begun = Omit<StoredActing, 'status'>;

/** Whom to act for, why, and whether something is to be changed. */
export interface ActingWish {
  readonly customerId: string;
  readonly reason: string;
  readonly write?: boolean | undefined;
}

/**
 * Begins to act for a customer. Whatever is under way in the same session ends: one customer at a time.
 *
 * @throws Unauthenticated, Forbidden  without the permission and a second factor, and for oneself
 * @throws StepUpRequired              when writing is wished for and the proof is not fresh
 * @throws NotFound                    for an id of nobody, and of an erased customer
 * @throws StatusConflict              for a customer who could not act for herself
 * @throws ValidationFailed            for a reason that says nothing or too much
 * @throws RateLimited
 */
export async function beginActing(ctx: ActingCtx, wish: ActingWish): Promise<Begun> {
  const session = staffSessionOf(ctx.actor);
  if (ctx.actor.acting) throw new Forbidden();
  const reason = parseReason(wish.reason);
  const write = wish.write === true;
  if (write) await mayGrantWriting(ctx);
  const customerId = wish.customerId.toLowerCase();
  if (!uuid.test(customerId)) throw new NotFound();
  const wait = await ctx.limits.take('acting', session.by.subject, mostPerHour, 3600);
  if (wait) throw new RateLimited(wait);
  if ((await ctx.customers.own())?.id === customerId) throw new Forbidden();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await endIn(ctx, session, 'REPLACED');
    const startedAt = ctx.clock.now();
    const until = new Date(startedAt.getTime() + lastsMs);
    const acting = { id: uuidv7(), customerId, reason, write, by: session.by, until };
    if (!(await open(ctx, session, acting, startedAt))) continue;
    ctx.log.info({ requestId: ctx.request.id, customerId, actingId: acting.id, write }, 'staff act for a customer');
    return { ...acting, startedAt };
  }
  throw new Unavailable(1);
}

/** What is under way in the caller's session; undefined without anything. @throws Unauthenticated */
export async function actingUnderWay({
  actor,
  pool,
  clock,
}: Pick<ActingCtx, 'actor' | 'pool' | 'clock'>): Promise<StoredActing | undefined> {
  if (actor.kind === 'nobody') throw new Unauthenticated();
  const session = sessionOf(actor);
  return session && findActing(pool, session, clock.now());
}

/** Ends what is under way in the caller's session; without anything it does nothing. @throws Unauthenticated */
export async function endActing(ctx: ActingCtx): Promise<void> {
  if (ctx.actor.kind === 'nobody') throw new Unauthenticated();
  const session = sessionOf(ctx.actor);
  if (session) await endIn(ctx, session, 'STAFF');
}

/**
 * The caller as who acts for a customer in this request: with nothing but that, no record of her own and no proof.
 *
 * @param id  of the acting, as the request names it
 * @throws Unauthenticated
 * @throws Forbidden  when it is over, unknown or another's, or the customer could not act for herself any more
 */
export async function actorActing(
  { pool, clock }: Pick<Parts, 'pool' | 'clock'>,
  actor: Actor,
  id: string,
): Promise<Actor> {
  const session = staffSessionOf(actor);
  const found = await findActing(pool, session, clock.now());
  if (found?.id !== id.toLowerCase() || !statusRules[found.status].ownReads) throw new Forbidden();
  const { customerId, reason, write, by, until } = found;
  // Her proofs are not the customer's: what asks for a step-up finds none.
  const { identity: _, acr: __, authTime: ___, ...rest } = actor;
  const ends = until.getTime() / 1000;
  return {
    ...rest,
    permissions: new Set(['customer:self']),
    acting: { id: found.id, customerId, reason, write, by, until },
    expiresAt: Math.min(actor.expiresAt ?? ends, ends),
  };
}
