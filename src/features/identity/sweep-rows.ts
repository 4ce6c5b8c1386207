import type { Ctx } from '../../context.ts';
import type { KeycloakUser } from '../../platform/keycloak.ts';
import type { KeycloakRows } from '../../platform/keycloak-rows.ts';
import { converge, type ConvergeCtx } from './converge.ts';
import { isAsBefore } from './fingerprint.ts';
import { isStopped, type LinkRow, look, move, open, positionOf, sweep, type Swept } from './sweep.ts';

/** How much one run takes on. */
export interface SweepLoad {
  /** Users of one read. */
  readonly batch: number;
  /** After so long no further batch begins, in milliseconds. */
  readonly budgetMs: number;
}

const usual: SweepLoad = { batch: 2000, budgetMs: 20_000 };

interface SeenLink extends LinkRow {
  readonly seenHash: Buffer | null;
  readonly open: boolean;
}

/** Links of the subjects after one and up to another; up to the last without it. */
async function linksBetween(
  { pool, config }: Pick<Ctx, 'pool' | 'config'>,
  after: string,
  upTo: string | undefined,
): Promise<SeenLink[]> {
  const { rows } = await pool.query<SeenLink>({
    name: upTo === undefined ? 'sweep-links-to-end' : 'sweep-links-between',
    text: `select l.issuer, l.subject, l.missing_since as "missingSince", l.seen_hash as "seenHash", ${open} as open
      from identity_link l join customer c on c.id = l.customer_id
      where l.issuer = $1 and l.subject > $2 ${upTo === undefined ? '' : 'and l.subject <= $3'}`,
    values: [config.keycloak.issuer, after, ...(upTo === undefined ? [] : [upTo])],
  });
  return rows;
}

/** Whether somebody has to look: she is nobody's yet, was missing, or is not as she was when she was last taken. */
function isNews({ fingerprints }: Pick<Ctx, 'fingerprints'>, user: KeycloakUser, link: SeenLink | undefined): boolean {
  return !link || link.missingSince !== null || !isAsBefore(fingerprints, user, link.seenHash);
}

/** One batch: both sides of the same range of subjects, of which only what differs is looked at over HTTP. */
async function sweepBatch(ctx: ConvergeCtx, rows: KeycloakRows, from: string, batch: number) {
  const users = await rows.after(from, batch);
  const upTo = users.length < batch ? undefined : users.at(-1)?.id;
  const links = new Map((await linksBetween(ctx, from, upTo)).map((link) => [link.subject, link]));
  const { issuer } = ctx.config.keycloak;
  for (const user of users) {
    const news = !user.serviceAccount && isNews(ctx, user, links.get(user.id));
    if (news) await converge(ctx, { identity: { issuer, subject: user.id }, line: 'SWEEP' });
    links.delete(user.id);
  }
  let missing = 0;
  for (const link of [...links.values()].filter((one) => one.open)) {
    const found = await look(ctx, link);
    if (found !== 'found') missing += 1;
    if (found === 'stopped') return { seen: users.length, missing, stopped: true, upTo };
  }
  return { seen: users.length, missing, stopped: false, upTo };
}

/**
 * Compares all users with all links in Keycloak's own database, range by range, and converges whatever differs: also what
 * was changed there without an event. The cursor is kept after every batch.
 *
 * @throws Unavailable  when Keycloak does not answer about somebody who differs; nothing counts as missing then
 */
export async function sweepRows(ctx: ConvergeCtx, rows: KeycloakRows, load = usual): Promise<Swept> {
  let [seen, missing] = [0, 0];
  if (await isStopped(ctx)) return { seen, missing, stopped: true, finished: false };
  const until = ctx.clock.now().getTime() + load.budgetMs;
  for (;;) {
    const done = await sweepBatch(ctx, rows, await positionOf(ctx), load.batch);
    seen += done.seen;
    missing += done.missing;
    if (done.stopped) return { seen, missing, stopped: true, finished: false };
    await move(ctx, done.upTo ?? '');
    const finished = done.upTo === undefined;
    if (finished || ctx.clock.now().getTime() >= until) return { seen, missing, stopped: false, finished };
  }
}

/** The next part of a sweep: in Keycloak's database where we may read it, else link by link over HTTP. */
export function sweepAny(ctx: ConvergeCtx & Pick<Ctx, 'keycloakRows'>): Promise<Swept> {
  return ctx.keycloakRows ? sweepRows(ctx, ctx.keycloakRows) : sweep(ctx);
}
