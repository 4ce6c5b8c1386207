import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter, ServiceImpl } from '@connectrpc/connect';
import type { Permission } from '../../domain/access.ts';
import { ctxOf } from '../../grpc/calls.ts';
import { AuthService } from '../../grpc/generated/auth_pb.ts';
import type { AccountStates } from './account-states.ts';
import { checkToken, type Judge } from './token-service.ts';

/** What the calls of this door share. */
export interface CallRoom {
  readonly judge: Judge;
  readonly accounts: AccountStates;
}

type Calls = ServiceImpl<typeof AuthService>;

const permissions = {
  login: 'auth:login',
  refresh: 'auth:login',
  logout: 'auth:login',
  validateToken: 'auth:validate',
  watchRevocations: 'auth:validate',
} as const satisfies Record<keyof Calls, Permission>;

/** The permission that the caller of each method must hold. */
export const authenticationRules: Readonly<Record<string, Permission>> = Object.fromEntries(
  AuthService.methods.map(({ name, localName }) => [
    `${AuthService.typeName}/${name}`,
    permissions[localName as keyof typeof permissions],
  ]),
);

const validating =
  ({ judge, accounts }: CallRoom): Calls['validateToken'] =>
  async ({ accessToken }, context) => {
    const checked = await checkToken(ctxOf(context), judge, accounts, accessToken);
    if ('refused' in checked) return { valid: false, reason: checked.refused };
    const { actor, account, checkoutAllowed } = checked;
    return {
      valid: true,
      customerId: account?.customerId ?? '',
      subject: actor.identity?.subject ?? '',
      sessionId: actor.sessionId ?? '',
      permissions: [...actor.permissions],
      emailVerified: account?.emailVerified ?? false,
      checkoutAllowed,
      expiresAt: timestampFromMs((actor.expiresAt ?? 0) * 1000),
      acr: actor.acr ?? '',
    };
  };

/** Sign-in and token checks for services inside the platform (contracts: auth.proto). */
export function authenticationCalls(room: CallRoom): (router: ConnectRouter) => void {
  return (router) => void router.service(AuthService, { validateToken: validating(room) });
}
