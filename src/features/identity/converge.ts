import type { EntityManager } from '@mikro-orm/postgresql';
import { v7 as uuidv7 } from 'uuid';
import type { Act, Ctx } from '../../context.ts';
import { type Actor, type Identity, system } from '../../domain/access.ts';
import { gone } from '../../domain/account-status.ts';
import { CustomerAccount } from '../../domain/customer-account.ts';
import type { Change } from '../../domain/customer-facts.ts';
import { ContactInUse } from '../../domain/errors.ts';
import { emailLookupOf } from '../../domain/values/email.ts';
import { findByIdentityForUpdate, forUpdate } from '../../messaging/for-update.ts';
import { writeNow } from '../../messaging/write-now.ts';
import { changeKey, lockTask, tellFormerTask, tellProviderTask, tellStatusTask } from '../../messaging/shared-tasks.ts';
import type { KeycloakUser } from '../../platform/keycloak.ts';
import { type DriftKind, type Line, recordDrift } from './drift.ts';
import { clearPhone } from './clear-phone.ts';
import { fallbackSubjects, settleFallbackLinks } from './fallback-links.ts';
import { holderOf } from './holder.ts';
import { intentOf } from './intent.ts';
import { checked, isLinked, link } from './links.ts';
import { forgetRefusal, wasRefused } from './refusals.ts';
import { endSessions } from '../../platform/end-sessions.ts';
import { alone } from './subject-lease.ts';
import { emailOf, takeUser } from './take-user.ts';

/** What convergence needs. */
export type ConvergeCtx = Pick<
  Ctx,
  | 'config'
  | 'clock'
  | 'log'
  | 'pool'
  | 'transactAs'
  | 'keys'
  | 'emailIndex'
  | 'phoneIndex'
  | 'fingerprints'
  | 'figures'
  | 'keycloak'
  | 'work'
>;

/** Why a user is looked at. */
export interface Sighting {
  readonly identity: Identity;
  /** What noticed; absent when we ourselves have just made or changed the user. */
  readonly line?: Line;
  /** Who changed her at Keycloak, when and in which event; absent when nothing tells. */
  readonly event?: {
    readonly id: string;
    readonly at: Date | undefined;
    readonly actor: Actor;
    readonly byStaff: boolean;
    /** When staff changed her last: the customer herself may not change her names there. */
    readonly byStaffAt?: Date | undefined;
  };
  /** Whether her absence is certain: an event says that she was deleted, or it is seen for the second time. */
  readonly gone?: boolean;
  /** How long to wait for another one who looks at her. */
  readonly waitMs?: number;
}

/**
 * What came of it. `busy`: another one looks at her; `same-address`: her address is another customer's; `unlinked`: she
 * names a customer who is somebody else's; `not-a-customer`: a client's account, or nobody we know.
 */
export interface Converged {
  readonly outcome:
    | 'created'
    | 'changed'
    | 'unchanged'
    | 'missing'
    | 'closed'
    | 'busy'
    | 'same-address'
    | 'unlinked'
    | 'not-a-customer';
  readonly customerId?: string;
  /** Whether an account that was registered is open for the first time: its address has been proven. */
  readonly verified?: boolean;
}

const attempts = 4;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function actOf({ event, line }: Sighting): Act {
  const requestId = event?.id ?? uuidv7();
  const actor = event?.actor ?? system(line === 'SWEEP' ? 'identity.sweep' : 'identity');
  return { actor, requestId, ...(event ? { causationId: event.id } : {}) };
}

const changeNow = ({ clock }: Pick<Ctx, 'clock'>): Change => ({ at: clock.now(), by: 'IDP' });
const namedBy = ({ customerId }: KeycloakUser): string | undefined =>
  customerId && uuid.test(customerId) ? customerId : undefined;

/** Two that make the same customer, or link the same user: tried again, the slower one finds what the other one made. */
function isCollision(error: unknown): boolean {
  return error instanceof ContactInUse || (error as { code?: unknown } | null)?.code === '23505';
}

/**
 * Whether the user may have her address here. Whoever holds it without proof loses it to a proven user, before anything
 * else is written (design, decision 9).
 */
async function clearAddress(ctx: ConvergeCtx, em: EntityManager, user: KeycloakUser, own?: string): Promise<boolean> {
  const email = emailOf(user);
  const holder = email ? await holderOf(ctx, emailLookupOf(email)) : undefined;
  if (!holder || holder.customerId === own) return true;
  if (holder.owns || !user.emailVerified) return false;
  const squatter = await forUpdate(em, holder.customerId);
  if (squatter.status === 'PENDING_VERIFICATION') squatter.evict(changeNow(ctx));
  await writeNow(em);
  return true;
}

/** Makes the customer of a user, with the id and the key of her registration if she has one. */
async function create(ctx: ConvergeCtx, em: EntityManager, s: Sighting, user: KeycloakUser): Promise<CustomerAccount> {
  const id = namedBy(user) ?? uuidv7();
  const intent = await intentOf(em, id);
  const account = CustomerAccount.register(
    {
      id,
      keyId: intent?.keyId ?? (await ctx.keys.create()).id,
      method: !intent && s.event?.byStaff ? 'STAFF' : 'PASSWORD',
      email: emailOf(user) ?? null,
      emailVerified: user.emailVerified,
      profile: { locale: intent?.locale ?? user.locale, country: intent?.country },
    },
    changeNow(ctx),
  );
  em.persist(account);
  return account;
}

interface Found {
  readonly account: CustomerAccount;
  readonly made: boolean;
  /** False when her address is another customer's: everything else of her is taken. */
  readonly mayHaveAddress: boolean;
}

/** The user's customer: by her link, by the id she carries, or a new one. Never by her address. */
async function find(
  ctx: ConvergeCtx,
  em: EntityManager,
  s: Sighting,
  user: KeycloakUser,
): Promise<Found | 'unlinked' | 'same-address'> {
  const linked = await findByIdentityForUpdate(em, s.identity);
  if (linked) return { account: linked, made: false, mayHaveAddress: await clearAddress(ctx, em, user, linked.id) };
  const named = namedBy(user);
  if (named && (await em.count(CustomerAccount, { id: named }))) {
    const account = await forUpdate(em, named);
    if (gone.includes(account.status) || (await isLinked(em, named, s.identity.issuer))) return 'unlinked';
    await link(em, s.identity, named, ctx.clock.now());
    return { account, made: false, mayHaveAddress: await clearAddress(ctx, em, user, named) };
  }
  if (!(await clearAddress(ctx, em, user))) return 'same-address';
  return { account: await create(ctx, em, s, user), made: true, mayHaveAddress: true };
}

/** Ends what a closed account still has open. Done before the commit: a crash between the two ends too much, not too little. */
function endAll(ctx: ConvergeCtx, { issuer, subject }: Identity): Promise<void> {
  return endSessions(ctx.pool, issuer, { subject }, 'STATUS', ctx.clock.now());
}

/** A sweep comes by each minute: it does not send again what Keycloak refused. */
async function tellWhatIsOwed(
  ctx: ConvergeCtx,
  em: EntityManager,
  { identity, line }: Sighting,
  customerId: string,
  fields: readonly string[],
): Promise<void> {
  if (!fields.length) return forgetRefusal(em, identity);
  if (line === 'SWEEP' && (await wasRefused(em, identity, fields))) return;
  await ctx.work.enqueue(em, tellProviderTask, customerId);
}

/** One transaction: the customer found or made, brought to what Keycloak has, and what is to be told there enqueued. */
async function settle(
  ctx: ConvergeCtx,
  s: Sighting,
  user: KeycloakUser,
  elsewhereAs: string[] | undefined,
): Promise<Converged> {
  return ctx.transactAs(actOf(s), async (em) => {
    const found = await find(ctx, em, s, user);
    if (typeof found === 'string') return { outcome: found };
    const { account, made, mayHaveAddress } = found;
    const email = mayHaveAddress ? emailOf(user) : undefined;
    const change = changeNow(ctx);
    const waited = !made && account.activatedAt === null && account.method === 'PASSWORD';
    await clearPhone(ctx, em, user, account);
    const eventAt = s.event?.at;
    // The link by which Keycloak has an address proven is good for half an hour (keycloak/realm).
    const since = new Date((eventAt ?? change.at).getTime() - 1_800_000);
    const elsewhere = { id: uuidv7(), since, byStaff: s.event?.byStaff ?? false };
    const look = { email, mayReopen: s.event?.byStaff ?? false, eventAt, namesAt: s.event?.byStaffAt, elsewhere };
    const { changed, deliver, closed, former } = takeUser(account, user, look, change);
    if (made) {
      // Not before everything is taken: her first row and what she is made with are one fact. The link refers to the row.
      await writeNow(em);
      await link(em, s.identity, account.id, ctx.clock.now());
    }
    await settleFallbackLinks(ctx, em, account.id, gone.includes(account.status) ? [] : elsewhereAs);
    for (const { id } of former) await ctx.work.enqueue(em, tellFormerTask, changeKey(account.id, id));
    if (account.contacts.lock?.carriedOutAt === null) await ctx.work.enqueue(em, lockTask, account.id);
    if (closed || (made && !user.enabled)) await endAll(ctx, s.identity);
    await tellWhatIsOwed(ctx, em, s, account.id, [
      ...deliver,
      ...(user.customerId === account.id ? [] : ['customerId']),
    ]);
    // Whoever is gone stays out, also when the console lets her in again.
    if (user.enabled && gone.includes(account.status)) await ctx.work.enqueue(em, tellStatusTask, account.id);
    const outcome = made ? 'created' : !mayHaveAddress ? 'same-address' : changed ? 'changed' : 'unchanged';
    return { outcome, customerId: account.id, verified: waited && account.activatedAt !== null };
  });
}

/** The user is not there. One sighting only notes it; an event or a second one closes the account. */
function closeAbsent(ctx: ConvergeCtx, s: Sighting): Promise<Converged> {
  return ctx.transactAs(actOf(s), async (em) => {
    const account = await findByIdentityForUpdate(em, s.identity);
    if (!account) return { outcome: 'not-a-customer' };
    const { id: customerId, status } = account;
    if (!s.gone) return { outcome: 'missing', customerId };
    await endAll(ctx, s.identity);
    if (status === 'PENDING_VERIFICATION') account.evict(changeNow(ctx));
    else if (status === 'ACTIVE' || status === 'SUSPENDED') account.deactivate('STAFF', changeNow(ctx));
    else return { outcome: 'unchanged', customerId };
    return { outcome: 'closed', customerId };
  });
}

async function look(ctx: ConvergeCtx, s: Sighting): Promise<Converged> {
  const user = await ctx.keycloak.findById(s.identity.subject);
  if (user?.serviceAccount) return { outcome: 'not-a-customer' };
  const elsewhereAs = user ? await fallbackSubjects(ctx, user) : undefined;
  const work = user ? () => settle(ctx, s, user, elsewhereAs) : () => closeAbsent(ctx, s);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const done = await work();
      await checked(ctx, s.identity, ctx.clock.now(), user);
      return done;
    } catch (error) {
      if (!isCollision(error) || attempt === attempts) throw error;
    }
  }
}

const kinds: Partial<Record<Converged['outcome'], DriftKind>> = {
  created: 'CREATED',
  changed: 'CHANGED',
  missing: 'MISSING',
  closed: 'MISSING',
  'same-address': 'SAME_ADDRESS',
  unlinked: 'UNLINKED',
};

/**
 * Brings a customer to what Keycloak says of her user, who becomes a customer if she is none. One at a time per user:
 * whatever changes there after the look has an event of its own.
 *
 * @throws Unavailable  while Keycloak or the database does not answer
 */
export async function converge(ctx: ConvergeCtx, s: Sighting): Promise<Converged> {
  const done = (await alone(ctx, s.identity, s.waitMs ?? 0, () => look(ctx, s))) ?? { outcome: 'busy' as const };
  if (done.verified) ctx.figures.registration('verified');
  const kind = kinds[done.outcome];
  if (kind && s.line) await recordDrift(ctx, s.line, kind, s.identity);
  if (kind) ctx.log.info({ outcome: done.outcome, line: s.line, customerId: done.customerId }, 'customer converged');
  return done;
}
