import type { KeycloakUser } from '../../platform/keycloak.ts';
import { converge, type ConvergeCtx } from './converge.ts';
import { type DriftCount, driftSince } from './drift.ts';
import { sweep } from './sweep.ts';

/** What a comparison of both sides found. */
export interface Reconciliation {
  readonly users: number;
  readonly links: number;
  /** Keycloak users without a customer, before. */
  readonly withoutCustomer: number;
  /** Customers whose user is missing. */
  readonly missing: number;
  /** Whether it stopped because too many are missing. */
  readonly stopped: boolean;
  /** What each line has found in the last days, this run included. */
  readonly drift: readonly DriftCount[];
}

const pageSize = 100;
const reportDays = 7;

async function* allUsers(ctx: ConvergeCtx): AsyncGenerator<KeycloakUser> {
  for (let first = 0; ; first += pageSize) {
    const page = await ctx.keycloak.list(first, pageSize);
    yield* page;
    if (page.length < pageSize) return;
  }
}

async function linkedSubjects(ctx: ConvergeCtx): Promise<Set<string>> {
  const { rows } = await ctx.pool.query<{ subject: string }>({
    text: 'select subject from identity_link where issuer = $1',
    values: [ctx.config.keycloak.issuer],
  });
  return new Set(rows.map(({ subject }) => subject));
}

/**
 * Compares all users of Keycloak with all customers, and repairs: whoever has no customer gets one, then every link is
 * looked at. A user who is missing closes her customer at the second sighting, at least a minute after the first.
 *
 * @param dryRun  only compares
 * @throws Unavailable
 */
export async function reconcile(ctx: ConvergeCtx, dryRun: boolean): Promise<Reconciliation> {
  const { issuer } = ctx.config.keycloak;
  const linked = await linkedSubjects(ctx);
  const seen = new Set<string>();
  let withoutCustomer = 0;
  for await (const user of allUsers(ctx)) {
    if (user.serviceAccount) continue;
    seen.add(user.id);
    if (linked.has(user.id)) continue;
    withoutCustomer++;
    if (!dryRun) await converge(ctx, { identity: { issuer, subject: user.id }, line: 'SWEEP', waitMs: 5_000 });
  }
  const missing = [...linked].filter((subject) => !seen.has(subject)).length;
  let stopped = false;
  for (let finished = dryRun; !finished && !stopped;) ({ finished, stopped } = await sweep(ctx));
  const since = new Date(ctx.clock.now().getTime() - reportDays * 86_400_000);
  return {
    users: seen.size,
    links: linked.size,
    withoutCustomer,
    missing,
    stopped,
    drift: await driftSince(ctx, since),
  };
}
