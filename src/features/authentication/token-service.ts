import type { Ctx } from '../../context.ts';
import { type Actor, may, statusRules } from '../../domain/access.ts';
import { checkoutEligibility } from '../../domain/checkout-eligibility.ts';
import { Unauthenticated } from '../../domain/errors.ts';
import { customerOfBearer, type HolderCtx } from '../identity/identity-service.ts';
import type { AccountState, AccountStates } from './account-states.ts';

/** Why a token does not count. */
export type TokenRefusal = 'INVALID' | 'REVOKED' | 'ACCOUNT_CLOSED' | 'NO_CUSTOMER';

/** What a token is worth: somebody, or why nobody. */
export type Judge = (token: string) => Promise<{ readonly actor: Actor } | { readonly refused: 'INVALID' | 'REVOKED' }>;

/** What a token says, checked: whose it is, what she may do, and what her account is like now. */
export interface CheckedToken {
  readonly actor: Actor;
  /** Undefined for a service, and for staff who are no customers. */
  readonly account?: AccountState;
  readonly checkoutAllowed: boolean;
}

/** What this needs. */
export type TokenCtx = HolderCtx & Pick<Ctx, 'log' | 'request'>;

/** Whoever has the right to a record of her own and none yet gets it now, as at every other door. */
async function accountOf(ctx: TokenCtx, accounts: AccountStates, actor: Actor): Promise<AccountState | undefined> {
  const { identity } = actor;
  if (!identity) return undefined;
  const state = await accounts.of(identity);
  if (state) return state;
  try {
    await customerOfBearer(ctx, identity);
  } catch (error) {
    if (error instanceof Unauthenticated) return undefined;
    throw error;
  }
  return accounts.of(identity);
}

/**
 * Checks somebody's token, as our own doors would: signature, audience, revocation, account (design, decision 21).
 * Without a question to anybody, but for whoever nobody has looked at yet.
 *
 * @throws Unavailable  while it cannot be told
 */
export async function checkToken(
  ctx: TokenCtx,
  judge: Judge,
  accounts: AccountStates,
  token: string,
): Promise<CheckedToken | { readonly refused: TokenRefusal }> {
  const judged = await judge(token);
  if ('refused' in judged) return judged;
  const { actor } = judged;
  if (actor.kind === 'service' || !may(actor, 'customer:self')) return { actor, checkoutAllowed: false };
  const account = await accountOf(ctx, accounts, actor);
  if (!account) return { refused: 'NO_CUSTOMER' };
  if (!statusRules[account.status].signIn) return { refused: 'ACCOUNT_CLOSED' };
  return { actor, account, checkoutAllowed: checkoutEligibility(account).allowed };
}
