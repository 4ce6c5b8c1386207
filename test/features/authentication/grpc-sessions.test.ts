import { Code } from '@connectrpc/connect';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LoginResponse } from '../../../src/grpc/generated/auth_pb.ts';
import { failureOf, tokensOf } from '../../support/grpc-callers.ts';
import { LoginWorld } from '../../support/login-world.ts';

const world = new LoginWorld();
const { sessions } = world;
const { provider } = sessions;
const { clientId, publicClientId } = provider;
let caller: { headers: { authorization: string } };
beforeAll(() => world.start());
beforeEach(async () => {
  await sessions.reset();
  caller = await world.caller('auth:login', 'auth:validate');
});
afterAll(() => world.stop());

const refused = { code: Code.Unauthenticated, rawMessage: 'The sign-in was refused.' };
const isLive = (accessToken: string): boolean => provider.isLive(String(decodeJwt(accessToken)['sid']));

function byPassword(): Promise<LoginResponse> {
  const value = { email: String(provider.user.claims['email']), password: provider.password };
  return world.auth.login({ clientId, method: { case: 'password', value } }, caller);
}

describe('a session that a service holds', () => {
  const refresh = (refreshToken: string, client = clientId): Promise<LoginResponse> =>
    world.auth.refresh({ refreshToken, clientId: client }, caller);

  test('is refreshed, and twenty who ask at once make one call and get one answer', async () => {
    const { refreshToken } = tokensOf(await byPassword());

    const all = (await Promise.all(Array.from({ length: 20 }, () => refresh(refreshToken)))).map(tokensOf);

    expect(new Set(all.map((tokens) => tokens.refreshToken)).size).toBe(1);
    expect(all[0]).toMatchObject({ customerId: sessions.customerId });
    expect(all[0]?.refreshToken).not.toBe(refreshToken);
    expect(provider.calls.refresh).toBe(1);
  });

  test('ends when a used token comes back later', async () => {
    const first = tokensOf(await byPassword());
    const second = tokensOf(await refresh(first.refreshToken));
    sessions.advance(31);

    expect(await failureOf(refresh(first.refreshToken))).toMatchObject(refused);

    expect(await failureOf(refresh(second.refreshToken))).toMatchObject(refused);
    expect(isLive(first.accessToken)).toBe(false);
  });

  test('ends when it is left alone for an hour', async () => {
    const idle = tokensOf(await byPassword());
    sessions.advance(3601);

    expect(await failureOf(refresh(idle.refreshToken))).toMatchObject(refused);
    expect(isLive(idle.accessToken)).toBe(false);
  });

  test.each(['', 'x', 'x'.repeat(43), 'eyJ.eyJ.x'])('is not opened by a token that is none: "%s"', async (token) => {
    expect(await failureOf(refresh(token))).toMatchObject(refused);
  });

  test('is not refreshed for a client without a secret, or one that is not listed', async () => {
    const { refreshToken } = tokensOf(await byPassword());

    const codes = [publicClientId, 'unknown'].map(
      async (client) => (await failureOf(refresh(refreshToken, client))).code,
    );

    expect(await Promise.all(codes)).toEqual([Code.PermissionDenied, Code.PermissionDenied]);
  });

  test('goes on when the provider was away', async () => {
    const { refreshToken } = tokensOf(await byPassword());
    provider.fault = 'down';
    expect((await failureOf(refresh(refreshToken))).code).toBe(Code.Unavailable);
    provider.fault = 'none';

    expect(tokensOf(await refresh(refreshToken)).customerId).toBe(sessions.customerId);
  });

  test('is ended by its access token, here and there, and a second time is no error', async () => {
    const { accessToken, refreshToken } = tokensOf(await byPassword());

    await world.auth.logout({ accessToken }, caller);

    expect(sessions.endedSessions).toContain(decodeJwt(accessToken)['sid']);
    const answer = () => world.auth.validateToken({ accessToken }, caller);
    await expect.poll(answer, { timeout: 1000 }).toMatchObject({ valid: false, reason: 'REVOKED' });
    expect(await failureOf(refresh(refreshToken))).toMatchObject(refused);
    await world.auth.logout({ accessToken }, caller);
  });

  test('is ended there later when the provider is away', async () => {
    const { accessToken } = tokensOf(await byPassword());
    sessions.keycloakIsAway();

    await world.auth.logout({ accessToken }, caller);

    expect(sessions.enqueued).toContain(`authentication.end-at-provider ${String(decodeJwt(accessToken)['sid'])}`);
  });

  test('is not ended by a token that is none, or a service’s own', async () => {
    const own = await world.callerToken(['auth:login']);

    for (const accessToken of ['x', own]) {
      expect(await failureOf(world.auth.logout({ accessToken }, caller))).toMatchObject(refused);
    }
  });
});
