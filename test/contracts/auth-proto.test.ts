import type { DescMessage } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { authenticationRules } from '../../src/features/authentication/authentication.grpc.ts';
import { AuthService, file_auth } from '../../src/grpc/generated/auth_pb.ts';

/** What services were promised: names and numbers stay, whatever is added. */
const promised: Record<string, string[]> = {
  LoginRequest: ['password=1', 'code=2', 'client_id=3'],
  PasswordLogin: ['email=1', 'password=2', 'otp=3', 'otp_method=4'],
  AuthorizationCode: ['code=1', 'code_verifier=2', 'redirect_uri=3'],
  LoginResponse: ['tokens=1', 'mfa_required=2'],
  Tokens: ['access_token=1', 'expires_at=2', 'refresh_token=3', 'customer_id=4'],
  MfaRequired: ['methods=1'],
  ValidateTokenRequest: ['access_token=1'],
  ValidateTokenResponse: [
    'valid=1',
    'reason=2',
    'customer_id=3',
    'subject=4',
    'session_id=5',
    'permissions=6',
    'email_verified=7',
    'checkout_allowed=8',
    'expires_at=9',
    'acr=10',
  ],
  RefreshRequest: ['refresh_token=1', 'client_id=2'],
  LogoutRequest: ['access_token=1'],
  LogoutResponse: [],
  WatchRevocationsRequest: ['after=1'],
  Revocation: ['cursor=1', 'session_id=2', 'subject=3', 'at=4'],
};

const numbersOf = ({ fields }: DescMessage): string[] => fields.map(({ name, number }) => `${name}=${number}`);

describe('the gRPC contract (decisions 10, 21)', () => {
  test('keeps its names and numbers', () => {
    const there = Object.fromEntries(file_auth.messages.map((message) => [message.name, numbersOf(message)]));

    const kept = Object.entries(promised).map(([message, fields]) => [message, expect.arrayContaining(fields)]);
    expect(there).toMatchObject(Object.fromEntries(kept));
    expect(AuthService.typeName).toBe('customer.auth.v1.AuthService');
  });

  test('every method says who may call it', () => {
    const methods = AuthService.methods.map(({ name }) => `${AuthService.typeName}/${name}`);

    expect(methods.map((method) => [method, authenticationRules[method]])).toEqual(
      ['auth:login', 'auth:validate', 'auth:login', 'auth:login', 'auth:validate'].map((rule, n) => [methods[n], rule]),
    );
  });
});
