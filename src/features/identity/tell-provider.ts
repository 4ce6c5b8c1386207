import { gone } from '../../domain/account-status.ts';
import { type Identity, system } from '../../domain/access.ts';
import type { CustomerAccount } from '../../domain/customer-account.ts';
import { type ProviderValues, twoSidedFields } from '../../domain/two-sided-field.ts';
import { findByIdentityForUpdate, forUpdate } from '../../messaging/for-update.ts';
import { tellProviderTask } from '../../messaging/shared-tasks.ts';
import type { KeycloakProfile, KeycloakUser } from '../../platform/keycloak.ts';
import { subjectsOf } from '../../read-model/subjects.ts';
import { languageOf } from '../../texts/languages.ts';
import type { ConvergeCtx } from './converge.ts';
import { endSessions } from '../../platform/end-sessions.ts';
import { noteRefusal } from './refusals.ts';
import { alone } from './subject-lease.ts';
import { readOf } from './take-user.ts';

const waitMs = 10_000;

/** What is to be written, what Keycloak has of the fields of both sides before, and which of ours it gets. */
interface Wanted {
  readonly profile: KeycloakProfile;
  readonly before: ProviderValues;
  readonly named: Partial<ProviderValues>;
}

/**
 * Decided under the account's lock. What was changed there since we last looked is left alone: its event tells when, and
 * the look it leads to decides (design, decision 27).
 */
function decide(ctx: ConvergeCtx, user: KeycloakUser, issuer: string): Promise<Wanted | undefined> {
  return ctx.transactAs({ actor: system(tellProviderTask), requestId: user.id }, async (em) => {
    const account = await findByIdentityForUpdate(em, { issuer, subject: user.id });
    if (!account?.person || gone.includes(account.status)) return undefined;
    const { givenName, familyName, provider } = account.person;
    const ours: ProviderValues = { givenName, familyName, locale: account.locale };
    const { values } = readOf(user, account.locale);
    const seen = provider.seen[user.id] ?? values;
    if (twoSidedFields.some((field) => values[field] !== seen[field] && values[field] !== ours[field]))
      return undefined;
    const deliver = twoSidedFields.filter((field) => values[field] !== ours[field]);
    if (!deliver.length && user.customerId === account.id) return undefined;
    const named = Object.fromEntries(deliver.map((field) => [field, ours[field]]));
    const locale = deliver.includes('locale') ? { locale: ours.locale && languageOf(ours.locale) } : {};
    return { profile: { ...named, ...locale, customerId: account.id }, before: values, named };
  });
}

/** Notes what Keycloak has now, so that its own event about it is no news. */
async function noteDelivered(
  ctx: ConvergeCtx,
  customerId: string,
  subject: string,
  values: ProviderValues,
): Promise<void> {
  await ctx.transactAs({ actor: system(tellProviderTask), requestId: subject }, async (em) => {
    const account = await forUpdate(em, customerId);
    account.delivered({ subject, values }, { at: ctx.clock.now(), by: 'IDP' });
  });
}

async function tellProfile(ctx: ConvergeCtx, customerId: string, identity: Identity): Promise<void> {
  const { subject } = identity;
  const user = await ctx.keycloak.findById(subject);
  const wanted = user && (await decide(ctx, user, identity.issuer));
  if (!wanted) return;
  const written = await ctx.keycloak.updateProfile(subject, wanted.profile, user);
  // Changed there meanwhile: its event leads to a look, which decides.
  if (!written || written === 'changed') return;
  const { refused: fields } = written;
  // Not tried again by itself: the next change of either side does, and whoever reconciles.
  if (fields.length) ctx.log.warn({ customerId, fields }, 'Keycloak does not take all of this profile');
  const taken = Object.entries(wanted.named).filter(([field]) => !fields.includes(field));
  await noteDelivered(ctx, customerId, subject, { ...wanted.before, ...Object.fromEntries(taken) });
  await noteRefusal(ctx, identity, fields);
}

const closed: readonly CustomerAccount['status'][] = [...gone, 'SUSPENDED', 'DEACTIVATED'];

/** A closed account is first refused here, then there. */
async function tellEnabled(ctx: ConvergeCtx, customerId: string, { issuer, subject }: Identity): Promise<void> {
  const { rows } = await ctx.pool.query<Pick<CustomerAccount, 'status'>>({
    name: 'status-of-customer',
    text: 'select status from customer where id = $1',
    values: [customerId],
  });
  const [row] = rows;
  if (!row) return;
  const enabled = !closed.includes(row.status);
  if (!enabled) await endSessions(ctx.pool, issuer, { subject }, 'STATUS', ctx.clock.now());
  if ((await ctx.keycloak.setEnabled(subject, enabled)) && !enabled) await ctx.keycloak.logoutUser(subject);
}

async function forEachUser(
  ctx: ConvergeCtx,
  customerId: string,
  work: (identity: Identity) => Promise<void>,
): Promise<void> {
  const { issuer } = ctx.config.keycloak;
  for (const subject of await subjectsOf(ctx, customerId)) {
    const done = await alone(ctx, { issuer, subject }, waitMs, () => work({ issuer, subject }).then(() => true));
    // The job runs again by itself.
    if (!done) throw new Error('Another one looks at this user.');
  }
}

/**
 * Writes names, language and our id to Keycloak where they are not there yet. Run again, or killed between any two
 * steps, it does no harm.
 *
 * @throws Unavailable
 */
export async function tellProvider(ctx: ConvergeCtx, customerId: string): Promise<void> {
  await forEachUser(ctx, customerId, (identity) => tellProfile(ctx, customerId, identity));
}

/**
 * Enables or disables the user after a change of status here, and ends the sessions of a closed account.
 *
 * @throws Unavailable
 */
export async function tellStatus(ctx: ConvergeCtx, customerId: string): Promise<void> {
  await forEachUser(ctx, customerId, (identity) => tellEnabled(ctx, customerId, identity));
}
