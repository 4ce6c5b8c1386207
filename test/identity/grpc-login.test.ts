import { randomUUID } from 'node:crypto';
import { type Client, Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { AuthService, type LoginResponse } from '../../src/grpc/generated/auth_pb.ts';
import { tokensOf } from '../support/grpc-callers.ts';
import { saidTimes, timesOf } from '../support/figures.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { LifeSteps, password } from '../support/life-steps.ts';
import { codeInTime, makePersonWithApp } from '../support/second-factors.ts';
import { type RunningService, startService } from '../support/running-service.ts';

const given = inject('environment');
const service = { id: `caller-${randomUUID()}`, secret: randomUUID() + randomUUID() };
const environment: Record<string, string> = {
  ...given,
  REGISTRATION_TIME_MS: '0',
  TOKEN_CLIENTS: `${given['TOKEN_CLIENTS']},${service.id}`,
};
const endpoints = inject('endpoints');
const { keycloak, clients } = endpoints;
const clientId = clients.login.id;
const steps = new LifeSteps(endpoints, environment);
let running: RunningService;
let auth: Client<typeof AuthService>;
let caller: { headers: { authorization: string } };

/** A client of the platform's own whose service account may sign customers in. */
async function makeCaller(): Promise<void> {
  const scopes = ['customer-token', 'customer-acr', 'auth:login', 'auth:validate'];
  const base = { clientId: service.id, secret: service.secret, serviceAccountsEnabled: true, fullScopeAllowed: false };
  await steps.admin('POST', '/clients', { ...base, standardFlowEnabled: false, defaultClientScopes: scopes });
  const [made] = (await steps.admin('GET', `/clients?clientId=${service.id}`)) as { id: string }[];
  const account = (await steps.admin('GET', `/clients/${made?.id}/service-account-user`)) as { id: string };
  const role = await steps.admin('GET', '/roles/login-service');
  await steps.admin('POST', `/users/${account.id}/role-mappings/realm`, [role]);
}

async function removeCaller(): Promise<void> {
  const [made] = (await steps.admin('GET', `/clients?clientId=${service.id}`)) as { id: string }[];
  if (made) await steps.admin('DELETE', `/clients/${made.id}`);
}

async function callerToken(): Promise<string> {
  const form = { grant_type: 'client_credentials', client_id: service.id, client_secret: service.secret };
  const url = `${keycloak.url}/realms/${keycloak.realm}/protocol/openid-connect/token`;
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  return ((await answer.json()) as { access_token: string }).access_token;
}

beforeAll(async () => {
  await makeCaller();
  running = await startService(environment);
  auth = createClient(AuthService, createGrpcTransport({ baseUrl: endpoints.grpc }));
  caller = { headers: { authorization: `Bearer ${await callerToken()}` } };
});
afterAll(async () => {
  await removeCaller();
  await running[Symbol.asyncDispose]();
  await steps[Symbol.asyncDispose]();
});

async function signedUp(): Promise<string> {
  const email = `${randomUUID()}@example.org`;
  await steps.register(email);
  await steps.prove(email);
  return email;
}

const login = (email: string, secret = password): Promise<LoginResponse> =>
  auth.login({ clientId, method: { case: 'password', value: { email, password: secret } } }, caller);

/** How long a refusal takes, and its code. */
async function refusalOf(email: string, secret: string): Promise<{ code: Code; ms: number }> {
  const began = performance.now();
  const { code } = await login(email, secret).then(
    () => new ConnectError('let in', Code.Unknown),
    (error: unknown) => ConnectError.from(error),
  );
  return { code, ms: performance.now() - began };
}

describe('a service signs a customer in at a real Keycloak (FR-2, decision 21)', () => {
  test('whoever has an authenticator app is let in by its code only, once', async () => {
    const person = await makePersonWithApp(await openAdmin(endpoints));
    const byApp = (otp: string): Promise<LoginResponse> => {
      const value = { email: person.email, password: person.password, otp };
      return auth.login({ clientId, method: { case: 'password', value } }, caller);
    };

    expect((await byApp('')).result).toMatchObject({ case: 'mfaRequired', value: { methods: ['totp'] } });
    await expect(byApp('000000')).rejects.toMatchObject({ code: Code.Unauthenticated });
    // Right after a wrong one Keycloak lets nobody try for a moment.
    let used = '';
    const tried = async (): Promise<string | undefined> => {
      used = await codeInTime(person.secret);
      return (await byApp(used).catch(() => undefined))?.result.case;
    };
    await expect.poll(tried, { timeout: 60_000, interval: 3000 }).toBe('tokens');
    await expect(byApp(used)).rejects.toMatchObject({ code: Code.Unauthenticated });
  });

  test('checks her token, refreshes her session and ends it, here and there', async () => {
    const email = await signedUp();
    const first = tokensOf(await login(email));
    expect(await auth.validateToken({ accessToken: first.accessToken }, caller)).toMatchObject({
      valid: true,
      customerId: first.customerId,
      permissions: ['customer:self'],
      emailVerified: true,
      checkoutAllowed: true,
    });

    const second = tokensOf(await auth.refresh({ refreshToken: first.refreshToken, clientId }, caller));
    expect(second.customerId).toBe(first.customerId);
    const { sub = '', sid } = decodeJwt(second.accessToken);
    const sessionsThere = async (): Promise<unknown[]> =>
      ((await steps.admin('GET', `/users/${sub}/sessions`)) as { id: string }[]).map(({ id }) => id);
    expect(await sessionsThere()).toContain(sid);
    await auth.logout({ accessToken: second.accessToken }, caller);

    expect(await sessionsThere()).not.toContain(sid);
    const check = () => auth.validateToken({ accessToken: second.accessToken }, caller);
    await expect.poll(check, { timeout: 1000 }).toMatchObject({ valid: false, reason: 'REVOKED' });
  });

  test('whoever never proved her address is not let in', async () => {
    const email = `${randomUUID()}@example.org`;
    await steps.register(email);

    expect((await refusalOf(email, password)).code).toBe(Code.Unauthenticated);
  });

  test('a wrong password, an address that nobody has and a locked account are told apart by nothing', async () => {
    const [right, locked] = [await signedUp(), await signedUp()];
    for (let n = 0; n < 12; n += 1) await refusalOf(locked, 'another river stone lamp');
    const rounds: Record<'wrong' | 'unknown' | 'locked', { code: Code; ms: number }>[] = [];
    for (let n = 0; n < 4; n += 1) {
      rounds.push({
        wrong: await refusalOf(right, 'another river stone lamp'),
        unknown: await refusalOf(`${randomUUID()}@example.org`, password),
        locked: await refusalOf(locked, password),
      });
    }

    const all = rounds.flatMap((round) => Object.values(round));
    expect(new Set(all.map(({ code }) => code))).toEqual(new Set([Code.Unauthenticated]));
    const medians = (['wrong', 'unknown', 'locked'] as const).map((kind) => {
      const times = timesOf(rounds.map((round) => round[kind].ms));
      process.stdout.write(`  refused, ${kind}: ${saidTimes(times)}\n`);
      return times.median;
    });
    expect(Math.min(...medians)).toBeGreaterThan(990);
    // On a busy machine all of them are slow; without a hash one would take a tenth of another.
    expect(Math.max(...medians) - Math.min(...medians)).toBeLessThan(Math.max(...medians) / 2);
  });
});
