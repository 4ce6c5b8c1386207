import { timestampFromDate, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter, ServiceImpl } from '@connectrpc/connect';
import type { Permission } from '../../domain/access.ts';
import { invalid } from '../../domain/errors.ts';
import { ctxOf } from '../../grpc/calls.ts';
import { AuthService, type LoginRequest } from '../../grpc/generated/auth_pb.ts';
import type { Revocations } from '../../platform/revocations.ts';
import type { AccountStates } from './account-states.ts';
import type { LoginClient } from './login-clients.ts';
import { login, type LoginProof, logoutForService, refreshForService, type ServiceTokens } from './login-service.ts';
import { watchRevocations } from './revocation-stream.ts';
import { checkToken, type Judge } from './token-service.ts';
import type { Watchers } from './watchers.ts';

/** What the calls of this door share. */
export interface CallRoom {
  readonly judge: Judge;
  readonly accounts: AccountStates;
  readonly revocations: Revocations;
  readonly watchers: Watchers;
  /** The clients in whose name customers are signed in, by id. */
  readonly clients: ReadonlyMap<string, LoginClient>;
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

function proofOf({ method }: LoginRequest): LoginProof {
  if (method.case === 'password') return { by: 'password', proof: method.value };
  if (method.case === 'code') return { by: 'code', proof: method.value };
  throw invalid('method', 'required', 'Say by what to sign in: password or code.');
}

function tokensResult({ customerId, accessToken, accessEndsAt, refreshToken = '' }: ServiceTokens) {
  const value = { customerId, accessToken, refreshToken, expiresAt: timestampFromDate(accessEndsAt) };
  return { result: { case: 'tokens' as const, value } };
}

const signingIn =
  ({ clients }: CallRoom): Calls['login'] =>
  async (request, context) => {
    const answer = await login(ctxOf(context), clients, request.clientId, proofOf(request));
    if ('customerId' in answer) return tokensResult(answer);
    return { result: { case: 'mfaRequired', value: { methods: [...answer.methods] } } };
  };

const watching = ({ revocations, watchers }: CallRoom): Calls['watchRevocations'] =>
  async function* ({ after }, context) {
    const ctx = ctxOf(context);
    const leave = watchers.enter(ctx.actor.id);
    try {
      for await (const { at, ...told } of watchRevocations(ctx, revocations, after, context.signal)) {
        yield { ...told, at: timestampFromDate(at) };
      }
    } finally {
      leave();
    }
  };

/** Sign-in and token checks for services inside the platform (contracts: auth.proto). */
export function authenticationCalls(room: CallRoom): (router: ConnectRouter) => void {
  const calls: Calls = {
    login: signingIn(room),
    validateToken: validating(room),
    refresh: async (request, context) => tokensResult(await refreshForService(ctxOf(context), room.clients, request)),
    async logout({ accessToken }, context) {
      await logoutForService(ctxOf(context), room.judge, accessToken);
      return {};
    },
    watchRevocations: watching(room),
  };
  return (router) => void router.service(AuthService, calls);
}
