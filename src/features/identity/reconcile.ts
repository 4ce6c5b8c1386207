import { v7 as uuidv7 } from 'uuid';
import type { Ctx } from '../../context.ts';
import type { KeycloakUser } from '../../platform/keycloak.ts';
import type { KeycloakRows } from '../../platform/keycloak-rows.ts';
import { system } from '../../domain/access.ts';
import { tellProviderTask } from '../../messaging/shared-tasks.ts';
import { converge, type ConvergeCtx } from './converge.ts';
import { type DriftCount, driftSince } from './drift.ts';
import { type Refusal, refusals } from './refusals.ts';
import { open } from './sweep.ts';
import { sweepAny } from './sweep-rows.ts';

/** What a comparison of both sides found. */
export interface Reconciliation {
  readonly users: number;
  readonly links: number;
  /** Keycloak users without a customer, before. */
  readonly withoutCustomer: number;
  /** Open customers whose user is missing: whoever is closed misses nothing. */
  readonly missing: number;
  /** Customers of whom Keycloak does not take everything. */
  readonly refused: readonly Refusal[];
  /** Whether it stopped because too many are missing. */
  readonly stopped: boolean;
  /** What each line has found in the last days, this run included. */
  readonly drift: readonly DriftCount[];
}

/** What a comparison needs. */
export type ReconcileCtx = ConvergeCtx & Pick<Ctx, 'keycloakRows'>;

const pageSize = 100;
const rowsAtOnce = 2000;
const reportDays = 7;

async function* allRows(rows: KeycloakRows): AsyncGenerator<KeycloakUser> {
  for (let last: string | undefined = ''; last !== undefined;) {
    const page: KeycloakUser[] = await rows.after(last, rowsAtOnce);
    yield* page;
    last = page.length < rowsAtOnce ? undefined : page.at(-1)?.id;
  }
}

async function* allUsers(ctx: ReconcileCtx): AsyncGenerator<KeycloakUser> {
  if (ctx.keycloakRows) return yield* allRows(ctx.keycloakRows);
  for (let first = 0; ; first += pageSize) {
    const page = await ctx.keycloak.list(first, pageSize);
    yield* page;
    if (page.length < pageSize) return;
  }
}

/** Every linked user, and whether her customer is open. */
async function linkedSubjects(ctx: ConvergeCtx): Promise<Map<string, boolean>> {
  const { rows } = await ctx.pool.query<{ subject: string; open: boolean }>({
    text: `select l.subject, ${open} as open from identity_link l join customer c on c.id = l.customer_id where l.issuer = $1`,
    values: [ctx.config.keycloak.issuer],
  });
  return new Map(rows.map((row) => [row.subject, row.open]));
}

/** Keycloak's rules may have changed: everything that it refused is sent once more. */
async function tryAgain(ctx: ConvergeCtx, refused: readonly Refusal[]): Promise<void> {
  const act = { actor: system('identity.reconcile'), requestId: uuidv7() };
  await ctx.transactAs(act, async (em) => {
    for (const { customerId } of refused) await ctx.work.enqueue(em, tellProviderTask, customerId);
  });
}

/**
 * Compares all users of Keycloak with all customers, and repairs: whoever has no customer gets one, then every link is
 * looked at. A user who is missing closes her customer at the second sighting, at least a minute after the first.
 *
 * @param dryRun  only compares
 * @throws Unavailable
 */
export async function reconcile(ctx: ReconcileCtx, dryRun: boolean): Promise<Reconciliation> {
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
  const missing = [...linked].filter(([subject, isOpen]) => isOpen && !seen.has(subject)).length;
  let stopped = false;
  for (let finished = dryRun; !finished && !stopped;) ({ finished, stopped } = await sweepAny(ctx));
  const refused = await refusals(ctx);
  if (!dryRun && refused.length) await tryAgain(ctx, refused);
  const since = new Date(ctx.clock.now().getTime() - reportDays * 86_400_000);
  return {
    users: seen.size,
    links: linked.size,
    withoutCustomer,
    missing,
    refused,
    stopped,
    drift: await driftSince(ctx, since),
  };
}
