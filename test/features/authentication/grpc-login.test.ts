import { randomUUID } from 'node:crypto';
import { Code } from '@connectrpc/connect';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LoginResponse } from '../../../src/grpc/generated/auth_pb.ts';
import { ErrorInfoSchema, RetryInfoSchema } from '../../../src/grpc/generated/google/rpc/error_details_pb.ts';
import { failureOf, tokensOf } from '../../support/grpc-callers.ts';
import { LoginWorld } from '../../support/login-world.ts';

const world = new LoginWorld();
const { sessions } = world;
const { provider } = sessions;
const { clientId, publicClientId } = provider;
let caller: { headers: { authorization: string } };
beforeAll(() => world.start(250));
beforeEach(async () => {
  await sessions.reset();
  Object.assign(provider, { factors: undefined, direct: true });
  provider.grants.length = 0;
  caller = await world.caller('auth:login', 'auth:validate');
});
afterAll(() => world.stop());

interface Typed {
  readonly email?: string;
  readonly password?: string;
  readonly otp?: string;
  readonly otpMethod?: string;
}

function byPassword(typed: Typed = {}, client = clientId): Promise<LoginResponse> {
  const value = { email: String(provider.user.claims['email']), password: provider.password, ...typed };
  return world.auth.login({ clientId: client, method: { case: 'password', value } }, caller);
}

const refused = { code: Code.Unauthenticated, rawMessage: 'The sign-in was refused.' };

describe('a service signs a customer in with her password (FR-2, decision 21)', () => {
  test('and gets her tokens, and a session that is told as any other', async () => {
    const tokens = tokensOf(await byPassword());

    expect(tokens.customerId).toBe(sessions.customerId);
    const { exp = 0, iat = 0 } = decodeJwt(tokens.accessToken);
    expect(exp - iat).toBe(300);
    expect(Math.abs(Number(tokens.expiresAt?.seconds) - exp)).toBeLessThan(3);
    expect(await sessions.facts('CustomerLoggedIn')).toMatchObject([{ clientId, customerId: sessions.customerId }]);
    expect(await world.auth.validateToken({ accessToken: tokens.accessToken }, caller)).toMatchObject({ valid: true });
  });

  test('the refresh token is ours, never the provider’s', async () => {
    const { refreshToken } = tokensOf(await byPassword());

    expect(refreshToken).toMatch(/^[\w-]{43}$/);
  });

  test.each([
    ['a wrong password', { password: 'wrong' }],
    ['an address that nobody has', { email: 'nobody@shop.example' }],
    ['no address', { email: '' }],
    ['no password', { password: '' }],
    ['a password as long as a book', { password: 'x'.repeat(5000) }],
    ['an address as long as a page', { email: `${'x'.repeat(300)}@shop.example` }],
  ])('%s is refused with the same sentence, and no sooner than another', async (_name, typed) => {
    const began = performance.now();

    const failed = await failureOf(byPassword(typed));

    expect(failed).toMatchObject(refused);
    expect(failed.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: 'UNAUTHENTICATED' }]);
    expect(performance.now() - began).toBeGreaterThan(245);
    expect(await sessions.facts('CustomerLoggedIn')).toEqual([]);
  });

  test.each(['unknown-client', '', 'customer-service'])(
    'for a client that is not listed it may not: "%s"',
    async (client) => {
      const failed = await failureOf(byPassword({}, client));

      expect(failed.code).toBe(Code.PermissionDenied);
      expect(provider.grants).toHaveLength(0);
    },
  );

  test('for a client without direct grants it may not', async () => {
    provider.direct = false;

    expect((await failureOf(byPassword())).code).toBe(Code.PermissionDenied);
  });

  test('a service that may only validate signs nobody in', async () => {
    caller = await world.caller('auth:validate');

    expect((await failureOf(byPassword())).code).toBe(Code.PermissionDenied);
    expect(provider.grants).toHaveLength(0);
  });

  test('without saying by what, it is told so', async () => {
    expect((await failureOf(world.auth.login({ clientId }, caller))).code).toBe(Code.InvalidArgument);
  });

  test('after twenty tries for one address it waits, and other addresses do not', async () => {
    const email = `${randomUUID()}@shop.example`;
    const all = Array.from({ length: 20 }, () => failureOf(byPassword({ email })));
    expect((await Promise.all(all)).map(({ code }) => code)).toEqual(Array(20).fill(Code.Unauthenticated));

    const late = await failureOf(byPassword({ email: ` ${email.toUpperCase()}` }));

    expect(late.code).toBe(Code.ResourceExhausted);
    expect(late.findDetails(RetryInfoSchema)[0]?.retryDelay?.seconds).toBeGreaterThan(0n);
    expect(tokensOf(await byPassword()).customerId).toBe(sessions.customerId);
  });

  test('while the provider is away it is told when to come again', async () => {
    provider.fault = 'down';

    const failed = await failureOf(byPassword());

    expect(failed.code).toBe(Code.Unavailable);
    expect(failed.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: 'PROVIDER_UNAVAILABLE' }]);
    expect(failed.findDetails(RetryInfoSchema)[0]?.retryDelay?.seconds).toBe(5n);
  });

  test('an account that is closed gets no session, here or there', async () => {
    await sessions.setStatus('ERASING');

    const failed = await failureOf(byPassword());

    expect(failed.code).toBe(Code.FailedPrecondition);
    expect(provider.isLive(sessions.sid)).toBe(false);
  });

  test('neither address nor password nor token reaches the log', async () => {
    const { accessToken } = tokensOf(await byPassword());
    await failureOf(byPassword({ password: 'wrong horse' }));

    const lines = sessions.logged.join('');
    expect(lines).toContain('signed in by a service');
    for (const text of [String(provider.user.claims['email']), 'horse', accessToken.slice(0, 40)])
      expect(lines).not.toContain(text);
  });
});

describe('a second factor is asked for, never left out', () => {
  test('first it says which, then the code opens the session', async () => {
    Object.assign(provider, { factors: { methods: ['totp', 'sms', 'pigeon'], otp: '123456' }, strongest: '2' });

    const first = await byPassword();
    expect(first.result).toMatchObject({ case: 'mfaRequired', value: { methods: ['totp', 'sms'] } });
    expect(await sessions.facts('CustomerLoggedIn')).toEqual([]);
    await byPassword({ otpMethod: 'sms' });
    const done = await byPassword({ otp: '123456', otpMethod: 'sms' });

    expect(tokensOf(done).customerId).toBe(sessions.customerId);
    expect(provider.grants.map((form) => [form.get('otp'), form.get('otp_method')])).toEqual([
      [null, null],
      [null, 'sms'],
      ['123456', 'sms'],
    ]);
  });

  test('a wrong code is refused as a wrong password is', async () => {
    provider.factors = { methods: ['totp'], otp: '123456' };

    expect(await failureOf(byPassword({ otp: '654321' }))).toMatchObject(refused);
  });

  test('a method that is none is told so', async () => {
    expect((await failureOf(byPassword({ otpMethod: 'pigeon' }))).code).toBe(Code.InvalidArgument);
  });

  test.each([['webauthn'], ['webauthn-passwordless'], ['recovery-authn-codes']])(
    'a provider that let her in without her %s is not believed, and its session is ended',
    async (type) => {
      sessions.hasCredentials('password', type);

      const { result } = await byPassword({ otp: '000000' });

      expect(result).toMatchObject({ case: 'mfaRequired', value: { methods: [] } });
      expect(provider.isLive(sessions.sid)).toBe(false);
      expect(await sessions.facts('CustomerLoggedIn')).toEqual([]);
    },
  );

  test('nor is she let in while it cannot be told whether she has one', async () => {
    sessions.keycloakIsAway();

    expect((await failureOf(byPassword())).code).toBe(Code.Unavailable);
    expect(provider.isLive(sessions.sid)).toBe(false);
  });

  test.each([
    ['an app, whose code the provider asks for', ['password', 'otp', 'webauthn'], '1'],
    ['a number, to which the provider sends one', ['password', 'sms-otp'], '1'],
    ['a factor that the provider says it saw', ['password', 'webauthn'], '2'],
  ])('whoever has %s is let in', async (_name, types, acr) => {
    sessions.hasCredentials(...types);
    Object.assign(provider, { factors: { methods: ['totp'], otp: '123456' }, strongest: acr });

    expect(tokensOf(await byPassword({ otp: '123456' })).customerId).toBe(sessions.customerId);
  });
});

describe('a service signs a customer in with a code that her app brought back', () => {
  test('and a client without a secret gets no refresh token', async () => {
    const value = await world.code();

    const answer = await world.auth.login({ clientId: publicClientId, method: { case: 'code', value } }, caller);

    expect(tokensOf(answer)).toMatchObject({ customerId: sessions.customerId, refreshToken: '' });
    expect(await sessions.facts('CustomerLoggedIn')).toMatchObject([{ clientId: publicClientId }]);
  });

  test.each([
    ['another verifier', { codeVerifier: 'x'.repeat(43) }],
    ['another address', { redirectUri: 'https://evil.example/back' }],
    ['no code', { code: '' }],
  ])('with %s it is refused', async (_name, over) => {
    const value = { ...(await world.code()), ...over };

    const failed = await failureOf(world.auth.login({ clientId, method: { case: 'code', value } }, caller));

    expect(failed).toMatchObject(refused);
  });

  test('a code counts once', async () => {
    const value = await world.code();
    await world.auth.login({ clientId, method: { case: 'code', value } }, caller);

    const again = await failureOf(world.auth.login({ clientId, method: { case: 'code', value } }, caller));

    expect(again).toMatchObject(refused);
  });
});
