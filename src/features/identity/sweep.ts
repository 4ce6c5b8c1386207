import type { Ctx } from '../../context.ts';
import type { Identity } from '../../domain/access.ts';
import { converge, type ConvergeCtx } from './converge.ts';

/** Where a sweep stands after a batch. */
export interface Swept {
  readonly seen: number;
  readonly missing: number;
  /** Why it did not go on: too many users are missing for it to be people who left. */
  readonly stopped: boolean;
  /** Whether the last link was reached: the next sweep begins anew. */
  readonly finished: boolean;
}

/** Two sightings of an absence lie at least so far apart, so that one outage is not both. */
const secondLookAfterMs = 60_000;

const cursorOf = (issuer: string): string => `identity.sweep ${issuer}`;

/** From so many links on, 0.1 % is at least one user. */
const shareCountsFrom = 1000;

/** SQL: who is closed already (customer `c`) has nothing to lose by a missing user. */
export const open = `c.status in ('PENDING_VERIFICATION','ACTIVE','SUSPENDED')`;

/** Whether so many missing users mean a restored Keycloak instead of people who left (design §4). */
export function isTooMany(missing: number, links: number, maxMissing: number): boolean {
  return missing > maxMissing || (links >= shareCountsFrom && missing > links / 1000);
}

/** The subject that a sweep has come to. Both ways to sweep go by subject, and may follow one another. */
export async function positionOf({ pool, config }: Pick<Ctx, 'pool' | 'config'>): Promise<string> {
  const text = 'select position from job_cursor where name = $1';
  const { rows } = await pool.query<{ position: string }>({
    name: 'sweep-position',
    text,
    values: [cursorOf(config.keycloak.issuer)],
  });
  return rows[0]?.position ?? '';
}

/** Keeps how far the sweep has come, so that a killed run goes on from there; `''` begins anew. */
export async function move({ pool, clock, config }: Pick<Ctx, 'pool' | 'clock' | 'config'>, to: string): Promise<void> {
  await pool.query({
    name: 'sweep-move',
    text: `insert into job_cursor (name, position, moved_at) values ($1, $2, $3)
      on conflict (name) do update set position = excluded.position, moved_at = excluded.moved_at`,
    values: [cursorOf(config.keycloak.issuer), to, clock.now()],
  });
}

/** A link, and since when its user is missing. */
export interface LinkRow extends Identity {
  readonly missingSince: Date | null;
}

async function linksAfter(ctx: Pick<Ctx, 'pool' | 'config'>, subject: string, count: number): Promise<LinkRow[]> {
  const { rows } = await ctx.pool.query<LinkRow>({
    name: 'sweep-links',
    text: `select l.issuer, l.subject, l.missing_since as "missingSince" from identity_link l
      join customer c on c.id = l.customer_id
      where l.issuer = $1 and l.subject > $2 and ${open} order by l.issuer, l.subject limit $3`,
    values: [ctx.config.keycloak.issuer, subject, count],
  });
  return rows;
}

/** How many users are missing now, of how many links; those are counted only as far as their share decides anything. */
async function absence({ pool, config }: Pick<Ctx, 'pool' | 'config'>): Promise<{ missing: number; links: number }> {
  const { rows } = await pool.query<{ missing: number; links: number }>({
    name: 'sweep-absence',
    text: `select
      (select count(*)::int from identity_link l join customer c on c.id = l.customer_id
        where l.issuer = $1 and l.missing_since is not null and ${open}) as missing,
      (select count(*)::int from (select from identity_link where issuer = $1 limit $2) as l) as links`,
    values: [config.keycloak.issuer, config.sweep.maxMissing * 1000],
  });
  return rows[0] ?? { missing: 0, links: 0 };
}

/** How many users are missing now, if so many that no sweep goes on. */
export async function tooManyMissing(
  ctx: Pick<Ctx, 'pool' | 'config'>,
): Promise<{ missing: number; links: number } | undefined> {
  const now = await absence(ctx);
  return isTooMany(now.missing, now.links, ctx.config.sweep.maxMissing) ? now : undefined;
}

/** Whether so many users are missing that no sweep goes on; says so. */
export async function isStopped(ctx: Pick<Ctx, 'pool' | 'config' | 'log'>): Promise<boolean> {
  const found = await tooManyMissing(ctx);
  if (!found) return false;
  ctx.log.error(
    { ...found, alarm: 'sweep-stopped' },
    'the sweep stopped: so many missing users mean a restored Keycloak',
  );
  return true;
}

/** One link: looked for; missing for the second time, its customer is closed, unless that is the fate of too many. */
export async function look(ctx: ConvergeCtx, link: LinkRow): Promise<'found' | 'missing' | 'stopped'> {
  const identity = { issuer: link.issuer, subject: link.subject };
  const at = ctx.clock.now();
  const { outcome } = await converge(ctx, { identity, line: 'SWEEP' });
  if (outcome !== 'missing') return 'found';
  if (await isStopped(ctx)) return 'stopped';
  const second = link.missingSince && at.getTime() - link.missingSince.getTime() >= secondLookAfterMs;
  if (second) await converge(ctx, { identity, line: 'SWEEP', gone: true });
  return 'missing';
}

/**
 * Looks at the users of the next links, one after the other so that Keycloak hardly notices, and converges each. The
 * cursor is kept after every batch: a killed run goes on from there.
 *
 * @param batch  links of this run
 * @throws Unavailable  when Keycloak does not answer; nothing counts as missing then
 */
export async function sweep(ctx: ConvergeCtx, batch = 100): Promise<Swept> {
  if (await isStopped(ctx)) return { seen: 0, missing: 0, stopped: true, finished: false };
  const links = await linksAfter(ctx, await positionOf(ctx), batch);
  let missing = 0;
  for (const link of links) {
    const found = await look(ctx, link);
    if (found !== 'found') missing++;
    if (found === 'stopped') return { seen: links.length, missing, stopped: true, finished: false };
  }
  const last = links.at(-1);
  const finished = links.length < batch;
  await move(ctx, finished || !last ? '' : last.subject);
  return { seen: links.length, missing, stopped: false, finished };
}
