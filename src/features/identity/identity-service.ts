import type { Ctx } from '../../context.ts';
import { type Identity, system } from '../../domain/access.ts';
import { CustomerAccount } from '../../domain/customer-account.ts';
import { ContactInUse, StatusConflict, Unauthenticated, Unavailable } from '../../domain/errors.ts';
import type { EmailLookup } from '../../domain/values/email.ts';
import type { PhoneNumber } from '../../domain/values/phone-number.ts';
import { findByIdentityForUpdate, forUpdate } from '../../messaging/for-update.ts';
import { converge, type ConvergeCtx, type Converged } from './converge.ts';
import { type Holder, holderOf as findHolder, holderOfPhone as findHolderOfPhone } from './holder.ts';
import { alone } from './subject-lease.ts';
import { emailOf, readOf } from './take-user.ts';

/** What these functions need. */
export type HolderCtx = ConvergeCtx;

/** Whom the provider says has signed in, and what it knows of her. */
export interface Claims extends Identity {
  readonly email?: string;
  readonly emailVerified: boolean;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly locale?: string;
  readonly customerId?: string;
}

/** Somebody waits for these: another look at the same user is over within this time, or Keycloak hangs. */
const waitMs = 4_000;
/** Longer than the calls of one registration may take. */
const addressWaitMs = 10_000;

/** Who has this address, and whether it is hers to keep. */
export function holderOf(ctx: Pick<Ctx, 'pool' | 'emailIndex'>, lookup: EmailLookup): Promise<Holder | undefined> {
  return findHolder(ctx, lookup);
}

/** Whose this number is, if anybody has proven it. */
export function holderOfPhone(ctx: Pick<Ctx, 'pool' | 'phoneIndex'>, number: PhoneNumber): Promise<string | undefined> {
  return findHolderOfPhone(ctx, number);
}

/** Registers an address as the only one who does, over all replicas. @throws Unavailable when another one takes too long */
export async function aloneWith(ctx: HolderCtx, lookup: EmailLookup, work: () => Promise<void>): Promise<void> {
  const address = { issuer: 'urn:customers:address', subject: ctx.emailIndex.current(lookup).toString('base64url') };
  const done = await alone(ctx, address, addressWaitMs, () => work().then(() => true));
  if (!done) throw new Unavailable(1);
}

function identityOf({ config }: Pick<Ctx, 'config'>, subject: string): Identity {
  return { issuer: config.keycloak.issuer, subject };
}

/**
 * Looks at a user whom we have just made or found, and makes her customer if she has none.
 *
 * @throws Unavailable
 */
export function convergeNow(ctx: HolderCtx, subject: string): Promise<Converged> {
  return converge(ctx, { identity: identityOf(ctx, subject), waitMs });
}

/** Whether the customer is what the claims say; undefined for whoever is not linked. */
async function known(ctx: HolderCtx, claims: Claims): Promise<{ customerId: string; same: boolean } | undefined> {
  const act = { actor: system('identity'), requestId: claims.subject };
  return ctx.transactAs(act, async (em) => {
    const account = await findByIdentityForUpdate(em, claims);
    if (!account) return undefined;
    const { person, emailVerified, id } = account;
    const user = { ...claims, id: claims.subject, enabled: true, serviceAccount: false };
    const { values } = readOf(user, account.locale);
    const seen = person?.provider.seen[claims.subject];
    const same =
      (person?.email?.address ?? null) === emailOf(user) &&
      emailVerified === claims.emailVerified &&
      account.status !== 'SUSPENDED' &&
      seen?.givenName === values.givenName &&
      seen.familyName === values.familyName &&
      seen.locale === values.locale;
    return { customerId: id, same };
  });
}

/**
 * The second line of convergence: compares what the provider said at sign-in with what we have, and looks at the user
 * when they differ. Without a difference Keycloak is not asked.
 *
 * @returns the customer's id
 * @throws ContactInUse     when her address is another customer's: she has none of her own
 * @throws Unauthenticated  for whoever cannot be a customer
 * @throws Unavailable      when they differ and Keycloak does not answer
 */
export async function compareClaims(ctx: HolderCtx, claims: Claims): Promise<string> {
  const before = await known(ctx, claims);
  if (before?.same) return before.customerId;
  const { issuer, subject } = claims;
  const { outcome, customerId } = await converge(ctx, { identity: { issuer, subject }, line: 'SIGN_IN', waitMs });
  if (customerId) return customerId;
  if (outcome === 'same-address') throw new ContactInUse();
  if (outcome === 'busy') throw new Unavailable(1);
  throw new Unauthenticated();
}

/** The customer an identity is linked with. @throws Unauthenticated for whoever is not linked */
export async function customerLinked({ pool }: Pick<Ctx, 'pool'>, { issuer, subject }: Identity): Promise<string> {
  const { rows } = await pool.query<{ customerId: string }>({
    name: 'customer-of-bearer',
    text: 'select customer_id as "customerId" from identity_link where issuer = $1 and subject = $2',
    values: [issuer, subject],
  });
  if (!rows[0]) throw new Unauthenticated();
  return rows[0].customerId;
}

/**
 * The customer of somebody who comes with a token instead of through our sign-in: linked already, or made now.
 *
 * @throws Unauthenticated  also when her address is another customer's
 * @throws Unavailable
 */
export async function customerOfBearer(ctx: HolderCtx, identity: Identity): Promise<string> {
  const { rows } = await ctx.pool.query<{ customerId: string }>({
    name: 'customer-of-bearer',
    text: 'select customer_id as "customerId" from identity_link where issuer = $1 and subject = $2',
    values: [identity.issuer, identity.subject],
  });
  if (rows[0]) return rows[0].customerId;
  // Keycloak is not asked of somebody whom another issuer knows.
  if (identity.issuer !== ctx.config.keycloak.issuer) throw new Unauthenticated();
  const { outcome, customerId } = await converge(ctx, { identity, line: 'SIGN_IN', waitMs });
  if (outcome === 'busy') throw new Unavailable(1);
  if (!customerId) throw new Unauthenticated();
  return customerId;
}

/** Whether the customer was ever hers who registered: proven once, she is not replaced by whoever types her address. */
const wasProven = ({ emailVerified, activatedAt }: CustomerAccount): boolean => emailVerified || activatedAt !== null;

async function evict(ctx: HolderCtx, customerId: string): Promise<void> {
  await ctx.transactAs({ actor: system('registration'), requestId: customerId }, async (em) => {
    const account = await forUpdate(em, customerId);
    if (wasProven(account)) throw new StatusConflict(account.status, 'ERASING');
    if (account.status === 'PENDING_VERIFICATION') account.evict({ at: ctx.clock.now(), by: 'SYSTEM' });
  });
}

interface Linked {
  readonly subject: string;
  readonly customerId: string;
  readonly proven: boolean;
}

async function linked(
  ctx: Pick<Ctx, 'pool' | 'config'>,
  column: 'subject' | 'customer_id',
  value: string,
): Promise<Linked[]> {
  const { rows } = await ctx.pool.query<Linked>({
    name: `linked-by-${column}`,
    text: `select l.subject, c.id as "customerId", c.email_verified or c.activated_at is not null as proven
      from identity_link l join customer c on c.id = l.customer_id where l.issuer = $1 and l.${column} = $2`,
    values: [ctx.config.keycloak.issuer, value],
  });
  return rows;
}

/** The customer who owns a Keycloak user for having proven her address once; undefined while nobody does. */
export async function ownerOf(ctx: HolderCtx, subject: string): Promise<string | undefined> {
  return (await linked(ctx, 'subject', subject)).find(({ proven }) => proven)?.customerId;
}

/**
 * Drops a customer who never proved her address: the Keycloak user with all that is hers there, then our side. A crash
 * between the two is healed by Keycloak's own event.
 *
 * @throws StatusConflict  for whoever did prove it once
 * @throws Unavailable
 */
export async function dropCustomer(ctx: HolderCtx, customerId: string): Promise<void> {
  for (const { subject, proven } of await linked(ctx, 'customer_id', customerId)) {
    if (!proven) await ctx.keycloak.deleteUser(subject);
  }
  await evict(ctx, customerId);
}

/** Drops a Keycloak user whom nobody owns, with her customer if she has one already. @throws Unavailable */
export async function dropUser(ctx: HolderCtx, subject: string): Promise<void> {
  await ctx.keycloak.deleteUser(subject);
  for (const { customerId } of await linked(ctx, 'subject', subject)) await evict(ctx, customerId);
}

/**
 * Drops a Keycloak user who holds an address that nobody proved, so that whoever comes with it starts clean (design,
 * decision 9).
 *
 * @throws StatusConflict  for whoever did prove it once
 * @throws Unavailable
 */
export async function dropUnprovenUser(ctx: HolderCtx, subject: string): Promise<void> {
  const user = await ctx.keycloak.findById(subject);
  if (!user) return;
  if (user.emailVerified || (await ownerOf(ctx, subject))) throw new StatusConflict('ACTIVE', 'ERASING');
  await dropUser(ctx, subject);
}
