import { randomUUID } from 'node:crypto';
import { ConnectError } from '@connectrpc/connect';
import type { LoginResponse, Tokens } from '../../src/grpc/generated/auth_pb.ts';
import type { TokenIssuer } from './token-issuer.ts';

/** The token of a service account that holds these permissions. */
export function serviceToken(issuer: Pick<TokenIssuer, 'token'>, ...roles: string[]): Promise<string> {
  const claims = { sid: undefined, auth_time: undefined, client_id: 'customer-cli' };
  const access = { resource_access: { 'customer-api': { roles } } };
  return issuer.token(randomUUID(), { claims: { ...claims, ...access } });
}

/** How a call fails. @throws when it is answered */
export async function failureOf(work: Promise<unknown>): Promise<ConnectError> {
  return work.then(
    () => {
      throw new Error('It was answered.');
    },
    (error: unknown) => ConnectError.from(error),
  );
}

/** The tokens of an answer. @throws when it holds none */
export function tokensOf({ result }: LoginResponse): Tokens {
  if (result.case !== 'tokens') throw new Error(`The answer is ${result.case}.`);
  return result.value;
}
