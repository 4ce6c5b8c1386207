import type { Ctx } from '../../context.ts';
import { twoSidedFields } from '../../domain/two-sided-field.ts';
import { forUpdate } from '../../messaging/for-update.ts';
import { tellProviderTask } from '../../messaging/shared-tasks.ts';
import { dropIntent, hashOfBrowser, type IntentValues, openIntent } from './intents.ts';

/** What the names of a form need to become hers. */
export type IntentCtx = Pick<Ctx, 'pool' | 'keys' | 'seal' | 'clock' | 'transact' | 'work'>;

/** Names from a form, for her to say whether they are hers. */
export type IntentNames = Pick<IntentValues, 'givenName' | 'familyName'>;

/** Takes the names of the form; those she has meanwhile from elsewhere stay. */
async function takeNames(ctx: IntentCtx, customerId: string, names: IntentNames): Promise<boolean> {
  const taken = await ctx.transact(async (em) => {
    const account = await forUpdate(em, customerId);
    if (!account.emailVerified || account.status !== 'ACTIVE') return undefined;
    const { givenName, familyName } = account.person ?? {};
    const input = {
      ...(givenName || !names.givenName ? {} : { givenName: names.givenName }),
      ...(familyName || !names.familyName ? {} : { familyName: names.familyName }),
    };
    const changed = account.updateProfile(input, account.version, { at: ctx.clock.now(), by: 'SELF' });
    if (twoSidedFields.some((field) => changed.includes(field)))
      await ctx.work.enqueue(em, tellProviderTask, customerId);
    return changed.length > 0;
  });
  if (taken !== undefined) await dropIntent(ctx, customerId);
  return taken ?? false;
}

/**
 * Makes the names of the registration form hers, if it was sent by this browser and her address is proven: a stranger's
 * words never appear under her name (design, decision 9).
 *
 * @param browserSecret  what the browser kept since it sent the form
 * @returns whether anything became hers
 */
export async function claimIntent(
  ctx: IntentCtx,
  { customerId, browserSecret }: { customerId: string; browserSecret: string | undefined },
): Promise<boolean> {
  const intent = await openIntent(ctx, customerId);
  const isHers = browserSecret && intent?.browserHash?.equals(hashOfBrowser(browserSecret));
  return intent && isHers ? takeNames(ctx, customerId, intent) : false;
}

/** The names a form carried, to be confirmed by her who is signed in; null when there are none. */
export async function intentNames(ctx: IntentCtx, customerId: string): Promise<IntentNames | null> {
  const intent = await openIntent(ctx, customerId);
  if (!intent?.givenName && !intent?.familyName) return null;
  return { givenName: intent.givenName, familyName: intent.familyName };
}

/**
 * She says whether the names of the form are hers; either way the form is used up.
 *
 * @returns whether anything became hers
 */
export async function confirmIntentNames(
  ctx: IntentCtx,
  { customerId, hers }: { customerId: string; hers: boolean },
): Promise<boolean> {
  const intent = hers ? await openIntent(ctx, customerId) : undefined;
  if (intent) return takeNames(ctx, customerId, intent);
  await dropIntent(ctx, customerId);
  return false;
}
