import { randomUUID } from 'node:crypto';
import { type Client, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AccountStatus } from '../../../src/domain/account-status.ts';
import { endSessions } from '../../../src/platform/end-sessions.ts';
import { AuthService, type ValidateTokenResponse } from '../../../src/grpc/generated/auth_pb.ts';
import { type EdgeWorld, linkedCustomer, openEdge, tokenOfCustomer } from '../../support/edge-world.ts';
import { serviceToken } from '../../support/grpc-callers.ts';

let edge: EdgeWorld;
let replicas: Client<typeof AuthService>[] = [];
let headers: { authorization: string };
beforeAll(async () => {
  edge = await openEdge();
  const urls = [edge.running.grpcUrl, (await edge.replica()).grpcUrl];
  replicas = urls.map((baseUrl = '') => createClient(AuthService, createGrpcTransport({ baseUrl })));
  headers = { authorization: `Bearer ${await serviceToken(edge, 'auth:validate')}` };
});
afterAll(() => edge.stop());

const checkedBy = (replica: number, accessToken: string): Promise<ValidateTokenResponse> =>
  (replicas[replica] as Client<typeof AuthService>).validateToken({ accessToken }, { headers });
const checked = (accessToken: string): Promise<ValidateTokenResponse> => checkedBy(0, accessToken);

/** A customer with a token that both replicas know. */
async function known(): Promise<{ subject: string; sid: string; customerId: string; token: string }> {
  const [subject, sid] = [randomUUID(), randomUUID()];
  const customerId = await linkedCustomer(edge, subject);
  const token = await edge.token(subject, { claims: { sid } });
  for (const replica of [0, 1]) expect(await checkedBy(replica, token)).toMatchObject({ valid: true });
  return { subject, sid, customerId, token };
}

const setStatus = (customerId: string, status: AccountStatus): Promise<unknown> =>
  edge.running.parts.pool.query('update customer set status = $2 where id = $1', [customerId, status]);

/** What both replicas answer now. */
const both = (token: string) => (): Promise<ValidateTokenResponse[]> =>
  Promise.all([0, 1].map((replica) => checkedBy(replica, token)));
const second = { timeout: 1000, interval: 20 };

describe('a token that does not count is an answer, never an error (ASVS 9.1, 9.2; design, decision 21)', () => {
  const invalid = {
    valid: false,
    reason: 'INVALID',
    customerId: '',
    subject: '',
    sessionId: '',
    permissions: [],
    checkoutAllowed: false,
  };

  test.each(['', ' ', '\0', 'ä'.repeat(5000), 'a.b.c '.repeat(9000), `Bearer ${'x'.repeat(100)}`])(
    'one that is none: %#',
    async (text) => {
      expect(await checked(text)).toMatchObject(invalid);
    },
  );
});

describe('what a good token says', () => {
  test('a service’s has no customer, and its permissions need no second factor', async () => {
    const token = await serviceToken(edge, 'customer:read', 'customer:self', 'somebody:else');

    expect(await checked(token)).toMatchObject({ valid: true, customerId: '', permissions: ['customer:read'] });
  });

  test.each([
    ['1', ['customer:self']],
    ['2', ['customer:self', 'customer:read']],
  ])('staff permissions count with a second factor alone: acr %s', async (acr, permissions) => {
    const access = { 'customer-api': { roles: ['customer:self', 'customer:read'] } };
    const token = await tokenOfCustomer(edge, { claims: { acr, resource_access: access } });

    expect(await checked(token)).toMatchObject({ valid: true, acr, permissions });
  });

  test('its end is the token’s', async () => {
    const exp = Math.floor(Date.now() / 1000) + 123;

    const answer = await checked(await tokenOfCustomer(edge, { claims: { exp } }));

    expect(answer.expiresAt?.seconds).toBe(BigInt(exp));
  });

  test('somebody whose address is not proven is valid, and may not check out', async () => {
    const { customerId, token } = await known();

    await edge.running.parts.pool.query(
      `update customer set status = 'PENDING_VERIFICATION', email_verified = false where id = $1`,
      [customerId],
    );

    await expect
      .poll(both(token), second)
      .toMatchObject(Array(2).fill({ valid: true, emailVerified: false, checkoutAllowed: false }));
  });
});

describe('a second later, on every replica (design, decision 22)', () => {
  test('the token of a session that has ended is refused', async () => {
    const { sid, token } = await known();

    await endSessions(edge.running.parts.pool, edge.issuer, { sid }, 'LOGOUT', new Date());

    await expect.poll(both(token), second).toMatchObject(Array(2).fill({ valid: false, reason: 'REVOKED' }));
  });

  test('all tokens of somebody whose sessions were ended are refused', async () => {
    const { subject, token } = await known();

    const at = new Date(Date.now() + 1000);
    await endSessions(edge.running.parts.pool, edge.issuer, { subject }, 'STATUS', at);

    await expect.poll(both(token), second).toMatchObject(Array(2).fill({ valid: false, reason: 'REVOKED' }));
  });

  test.each(['SUSPENDED', 'DEACTIVATED', 'ERASING'] as const)(
    'an account that became %s is refused',
    async (status) => {
      const { customerId, token } = await known();

      await setStatus(customerId, status);

      await expect
        .poll(both(token), second)
        .toMatchObject(Array(2).fill({ valid: false, reason: 'ACCOUNT_CLOSED', customerId: '' }));
    },
  );

  test('an identity that was moved to another account is that one’s', async () => {
    const [one, other] = [await known(), await known()];

    await edge.running.parts.pool.query('update identity_link set customer_id = $2 where subject = $1', [
      one.subject,
      other.customerId,
    ]);

    await expect
      .poll(both(one.token), second)
      .toMatchObject(Array(2).fill({ valid: true, customerId: other.customerId }));
  });
});
