import type { Ctx } from '../../context.ts';
import { may } from '../../domain/access.ts';
import type { CustomerAccount } from '../../domain/customer-account.ts';
import { Forbidden, invalid, NotFound, Unauthenticated } from '../../domain/errors.ts';
import { parseReason } from '../../domain/values/reason.ts';
import { forUpdate } from '../../messaging/for-update.ts';
import { mustBeSteppedUp } from '../../read-model/step-up.ts';
import { endSessionsOf, type EveryOther, sessionsOf, type These } from './device-sessions.ts';
import { endAtProviderTask } from './session-service.ts';

type EndingCtx = Pick<Ctx, 'actor' | 'clock' | 'config' | 'customers' | 'keycloak' | 'pool' | 'transact' | 'work'>;

/** The job that ends what a user has of sessions at the provider; its key is what {@link endingKey} makes. */
export const endOthersTask = 'authentication.end-others-at-provider';

/** Whose sessions end there, those that began until when, and which one goes on. */
export interface Ending {
  readonly subject: string;
  readonly before: Date;
  readonly but?: string | undefined;
}

/** An {@link Ending} as the key of a job. */
export const endingKey = ({ subject, before, but = '' }: Ending): string => `${subject} ${before.getTime()} ${but}`;

/** Reads what {@link endingKey} wrote. */
export function readEndingKey(key: string): Ending {
  const [subject = '', before = '', but = ''] = key.split(' ');
  return { subject, before: new Date(Number(before)), but: but || undefined };
}

/** Which sessions are to end: these, all others, or all when nothing is said. */
export interface RevokeInput {
  readonly ids?: readonly string[] | null | undefined;
  readonly allOthers?: boolean | null | undefined;
  /** For staff: whose. */
  readonly customerId?: string | null | undefined;
  /** For staff: why. */
  readonly reason?: string | null | undefined;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const mostIds = 100;

type Wanted = These | EveryOther | 'all';

interface Target {
  readonly customerId: string;
  readonly by: 'SELF' | 'STAFF';
  readonly reason: string | undefined;
}

/**
 * Whose sessions the caller may end: her own, or with `customer:write` and a reason somebody's.
 *
 * @throws Unauthenticated, Forbidden, NotFound, ValidationFailed
 */
async function targetOf({ actor, customers }: EndingCtx, { customerId, reason }: RevokeInput): Promise<Target> {
  if (actor.kind === 'nobody') throw new Unauthenticated();
  if (typeof customerId === 'string' && may(actor, 'customer:write')) {
    if (!uuid.test(customerId)) throw new NotFound();
    return { customerId: customerId.toLowerCase(), by: 'STAFF', reason: parseReason(reason) };
  }
  const own = may(actor, 'customer:self') ? await customers.own() : null;
  if (own?.view !== 'self') throw new Forbidden();
  if (typeof customerId === 'string' && own.id !== customerId.toLowerCase()) throw new NotFound();
  return { customerId: own.id, by: 'SELF', reason: reason?.trim() ? parseReason(reason) : undefined };
}

function wantedOf({ actor }: EndingCtx, { by }: Target, { ids, allOthers }: RevokeInput): Wanted {
  if (ids) {
    if (ids.length > mostIds) throw invalid('ids', 'max_items', `At most ${mostIds} at a time.`);
    if (!allOthers) return { ids: ids.filter((id) => uuid.test(id)) };
  }
  const { identity, sessionId } = actor;
  if (!allOthers || by === 'STAFF' || !identity || !sessionId) return 'all';
  return { except: { issuer: identity.issuer, sid: sessionId } };
}

async function isOnlyCurrent(ctx: EndingCtx, { by, customerId }: Target, which: Wanted): Promise<boolean> {
  if (by === 'STAFF' || which === 'all' || 'except' in which) return false;
  const current = (await sessionsOf(ctx, customerId)).filter((session) => session.current);
  return which.ids.every((id) => current.some((session) => session.id === id.toLowerCase()));
}

/** The sessions are over at Keycloak by a job, which goes on until Keycloak answers. */
async function tellProvider(
  ctx: EndingCtx,
  em: Parameters<typeof forUpdate>[0],
  account: CustomerAccount,
  { which, sids, at }: { readonly which: Wanted; readonly sids: readonly string[]; readonly at: Date },
): Promise<void> {
  if (which !== 'all' && 'ids' in which) {
    for (const sid of new Set(sids)) await ctx.work.enqueue(em, endAtProviderTask, sid);
    return;
  }
  const but = which === 'all' ? undefined : which.except.sid;
  for (const subject of await subjectsOf(ctx, em, account.id)) {
    await ctx.work.enqueue(em, endOthersTask, endingKey({ subject, before: at, but }));
  }
}

/** Whom Keycloak knows the customer as. */
export async function subjectsOf(
  { config }: Pick<Ctx, 'config'>,
  em: Parameters<typeof forUpdate>[0],
  customerId: string,
): Promise<string[]> {
  const rows: { subject: string }[] = await em.execute(
    'select subject from identity_link where customer_id = ? and issuer = ?',
    [customerId, config.keycloak.issuer],
  );
  return rows.map(({ subject }) => subject);
}

/**
 * Ends sessions: these, all others, or all when nothing is said. Over at once on every replica, and at Keycloak by a job.
 *
 * @returns how many of the sessions that are listed ended
 * @throws Unauthenticated, Forbidden, ValidationFailed, StepUpRequired
 * @throws NotFound     when none of the ids is a session of hers that still counts
 * @throws Unavailable  when Keycloak would have to say whether she has a second factor, and does not answer
 */
export async function revokeSessions(ctx: EndingCtx, input: RevokeInput): Promise<{ count: number }> {
  const target = await targetOf(ctx, input);
  const which = wantedOf(ctx, target, input);
  if (!(await isOnlyCurrent(ctx, target, which))) await mustBeSteppedUp(ctx, '/account/sessions');
  const at = ctx.clock.now();
  return ctx.transact(async (em) => {
    const account = await forUpdate(em, target.customerId);
    const reason = target.by === 'STAFF' ? 'STAFF' : 'LOGOUT';
    const ended = await endSessionsOf(em, account.id, which, { reason, at });
    if (!ended.length && which !== 'all' && 'ids' in which && input.ids?.length) throw new NotFound();
    account.happened('SESSIONS_ENDED', target.by);
    await tellProvider(ctx, em, account, { which, sids: ended.map(({ sid }) => sid), at });
    return { count: ended.length };
  }, target.reason);
}
