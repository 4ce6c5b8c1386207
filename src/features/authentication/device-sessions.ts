import type { EntityManager } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import type { Ctx } from '../../context.ts';
import { deviceText } from '../../domain/device.ts';
import type { SessionEnd } from '../../domain/session-token.ts';

/** A session as its owner sees it. */
export interface DeviceSession {
  readonly id: string;
  /** Whether the viewer asks by it. */
  readonly current: boolean;
  /** Browser and system. */
  readonly userAgent: string | null;
  readonly country: string | null;
  readonly startedAt: Date;
  readonly lastSeenAt: Date;
}

type Reads = Pick<Ctx, 'actor' | 'clock' | 'config' | 'pool'>;

interface Row extends Omit<DeviceSession, 'current' | 'userAgent'> {
  readonly customerId: string;
  readonly issuer: string;
  readonly sid: string;
  readonly browser: string | null;
  readonly system: string | null;
}

async function readAll(ctx: Reads, customerIds: readonly string[]): Promise<DeviceSession[][]> {
  const now = ctx.clock.now();
  const idleSince = new Date(now.getTime() - ctx.config.session.idleSeconds * 1000);
  const text = `select id, customer_id as "customerId", issuer, sid, browser, system, country, started_at as "startedAt",
      last_seen_at as "lastSeenAt"
    from session_token
    where customer_id = any($1::uuid[]) and ended_at is null and expires_at > $2 and last_seen_at > $3
    order by last_seen_at desc, id desc`;
  const { rows } = await ctx.pool.query<Row>({
    name: 'sessions-of-customers',
    text,
    values: [customerIds, now, idleSince],
  });
  const { identity, sessionId } = ctx.actor;
  return customerIds.map((customerId) =>
    rows
      .filter((row) => row.customerId === customerId)
      .map(({ id, issuer, sid, browser, system, country, startedAt, lastSeenAt }) => ({
        id,
        current: sid === sessionId && issuer === identity?.issuer,
        userAgent: deviceText({ browser: browser ?? undefined, system: system ?? undefined }),
        country,
        startedAt,
        lastSeenAt,
      })),
  );
}

const loaders = new WeakMap<object, DataLoader<string, DeviceSession[]>>();

/** The sessions of a customer that count now, the latest first; those of all customers of one request in one statement. */
export function sessionsOf(ctx: Reads, customerId: string): Promise<DeviceSession[]> {
  // Nothing is kept: a socket's context lives long.
  const loader = loaders.get(ctx) ?? new DataLoader((ids) => readAll(ctx, ids), { cache: false });
  loaders.set(ctx, loader);
  return loader.load(customerId);
}

/** The provider's session that sessions of ours belong to. */
export interface AtProvider {
  readonly issuer: string;
  readonly sid: string;
}
/** Sessions by our ids. */
export interface These {
  readonly ids: readonly string[];
}
/** All but those of one session of the provider. */
export interface EveryOther {
  readonly except: AtProvider;
}

/** A session that was just ended here. */
export interface EndedSession extends AtProvider {
  readonly id: string;
}

type Which = These | AtProvider | EveryOther | 'all';

const revoked = `insert into revocation (issuer, sid, expires_at)
  select distinct issuer, sid, now() + interval '24 hours' from ended`;

function conditionOf(which: Which): { text: string; values: string[] } {
  if (which === 'all') return { text: '', values: [] };
  if ('ids' in which) return { text: `and id = any(string_to_array(?, ',')::uuid[])`, values: [which.ids.join(',')] };
  if ('sid' in which) return { text: 'and issuer = ? and sid = ?', values: [which.issuer, which.sid] };
  return { text: 'and not (issuer = ? and sid = ?)', values: [which.except.issuer, which.except.sid] };
}

/**
 * Ends sessions of a customer in the caller's transaction and refuses their tokens from its commit on, on every replica.
 * `all` refuses every token of hers that was issued before, also those of sessions that no browser of ours holds.
 */
export async function endSessionsOf(
  em: EntityManager,
  customerId: string,
  which: Which,
  { reason, at }: { readonly reason: SessionEnd; readonly at: Date },
): Promise<EndedSession[]> {
  const { text, values } = conditionOf(which);
  const ended: EndedSession[] = await em.execute(
    `with ended as (
       update session_token set ended_at = ?, end_reason = ?, sealed = ''::bytea, lease_until = null
       where customer_id = ? and ended_at is null ${text} returning id, issuer, sid
     ), refused as (${revoked})
     select id, issuer, sid from ended`,
    [at, reason, customerId, ...values],
  );
  if (which !== 'all') return ended;
  await em.execute(
    `insert into revocation (issuer, subject, issued_before, expires_at)
     select issuer, subject, ?, now() + interval '24 hours' from identity_link where customer_id = ?`,
    [at, customerId],
    { method: 'run' },
  );
  return ended;
}
