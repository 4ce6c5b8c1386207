import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Parts } from '../../src/context.ts';
import { Unavailable } from '../../src/domain/errors.ts';
import { authenticationTasks } from '../../src/features/authentication/authentication.jobs.ts';
import { openTokens } from '../../src/features/authentication/session-secrets.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { readConfig } from '../../src/platform/config.ts';
import { KeycloakUsers } from '../../src/platform/keycloak.ts';
import { CustomerKeys } from '../../src/platform/keys.ts';
import type { MailSender } from '../../src/platform/mail.ts';
import { createSeal } from '../../src/platform/personal-data.ts';
import { LifeSteps, password } from '../support/life-steps.ts';
import { type RunningService, startService } from '../support/running-service.ts';
import { Visitor } from '../support/visitor.ts';

const environment: Record<string, string> = { ...inject('environment'), REGISTRATION_TIME_MS: '0' };
const endpoints = inject('endpoints');
const config = readConfig(environment);
const steps = new LifeSteps(endpoints, environment);
const keysPool = new pg.Pool({ connectionString: environment['KEYS_DATABASE_URL'] ?? '', max: 1 });
let service: RunningService;
beforeAll(async () => {
  service = await startService(environment);
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await keysPool.end();
  await steps[Symbol.asyncDispose]();
});

interface Session {
  readonly id: string;
  readonly sid: string;
  readonly keyId: string;
  readonly sealed: Buffer;
}

/** Somebody who has signed in with her browser, and the row of her session. */
async function signedIn(): Promise<{ visitor: Visitor; userId: string; session: Session }> {
  const email = `${randomUUID()}@example.org`;
  const visitor = new Visitor();
  await steps.register(email);
  await steps.prove(email);
  await steps.signIn(visitor, email);
  const { id: userId } = await steps.userOf(email);
  const text = `select id, sid, key_id as "keyId", sealed from session_token where subject = $1 and ended_at is null`;
  const [session] = await steps.rows<Session>(text, userId);
  if (!session) throw new Error('She is not signed in.');
  return { visitor, userId, session };
}

const at = (path: string): string => `${steps.publicUrl}${path}`;
const sessionsAtKeycloak = async (userId: string): Promise<string[]> =>
  ((await steps.admin('GET', `/users/${userId}/sessions`)) as { id: string }[]).map(({ id }) => id);
const isSignedIn = async (visitor: Visitor): Promise<boolean> =>
  (JSON.parse((await visitor.open(at('/auth/session'))).text) as { signedIn: boolean }).signedIn;

/** Uses up the session's refresh token as a process does that dies before it has stored the answer. */
async function refreshAndDie(session: Session): Promise<void> {
  const sealing = { keys: new CustomerKeys(keysPool, config.keys.encryption), seal: createSeal() };
  const { refreshToken } = await openTokens(sealing, session);
  const { id, secret = '' } = endpoints.clients.bff;
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: id, client_secret: secret };
  const url = `${endpoints.keycloak.url}/realms/${endpoints.keycloak.realm}/protocol/openid-connect/token`;
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  if (!answer.ok) throw new Error(`Keycloak answered ${answer.status}.`);
  await steps.rows(`update session_token set lease_until = now() - interval '1 second' where id = $1`, session.id);
}

describe('a browser’s session at a real Keycloak (FR-2, decision 6)', () => {
  test('signed out here, it is over there', async () => {
    const { visitor, userId, session } = await signedIn();
    expect(await sessionsAtKeycloak(userId)).toContain(session.sid);

    expect((await visitor.post(at('/auth/logout'), {})).status).toBe(204);

    expect(await sessionsAtKeycloak(userId)).not.toContain(session.sid);
    expect(await isSignedIn(visitor)).toBe(false);
  });

  test('ended there, it is over here', async () => {
    const { visitor, session } = await signedIn();
    expect(await isSignedIn(visitor)).toBe(true);

    await steps.admin('DELETE', `/sessions/${session.sid}`);

    await expect.poll(() => isSignedIn(visitor), { timeout: 5000 }).toBe(false);
    expect((await visitor.post(at('/auth/refresh'), {})).status).toBe(401);
  });

  test('signed out by an admin in the console, with all her sessions, it is over here', async () => {
    const [{ visitor, userId }, other] = [await signedIn(), await signedIn()];

    await steps.admin('POST', `/users/${userId}/logout`);

    await expect.poll(() => isSignedIn(visitor), { timeout: 5000 }).toBe(false);
    expect(await isSignedIn(other.visitor)).toBe(true);
  });

  test('signed out at Keycloak’s own page, it is over here', async () => {
    const { visitor } = await signedIn();
    const page = await visitor.open(`${config.keycloak.issuer}/protocol/openid-connect/logout`);
    const code = /name="session_code" value="([^"]+)"/.exec(page.text)?.[1] ?? '';

    await visitor.submit(page, { session_code: code, confirmLogout: 'Logout' });

    await expect.poll(() => isSignedIn(visitor), { timeout: 5000 }).toBe(false);
    expect((await visitor.post(at('/auth/refresh'), {})).status).toBe(401);
  });

  test('what Keycloak could not be told at once, a job tells it; twice does no harm', async () => {
    const { userId, session } = await signedIn();
    const keycloak = new KeycloakUsers(config.keycloak, systemClock, (seconds) => new Unavailable(seconds));
    const [task] = authenticationTasks({ keycloak } as Parts, {} as MailSender);

    await task?.run(session.sid);
    await task?.run(session.sid);

    expect(await sessionsAtKeycloak(userId)).not.toContain(session.sid);
  });

  test('a step-up asks for the password again, although she is signed in, and the proof is fresh', async () => {
    const email = `${randomUUID()}@example.org`;
    const visitor = new Visitor();
    await steps.register(email);
    await steps.prove(email);
    await steps.signIn(visitor, email);
    const proven = (): number => decodeJwt<{ auth_time: number }>(visitor.cookies.get('__Host-access') ?? '').auth_time;
    const first = proven();
    await expect.poll(() => Date.now() / 1000, { timeout: 3000 }).toBeGreaterThan(first + 1);

    const asked = await visitor.open(at('/auth/login?acr=2&returnTo=%2Fprofile'));
    const told = await visitor.submit(asked, { username: email, password });

    expect(new URL(told.url).pathname).toBe('/profile');
    expect(proven()).toBeGreaterThan(first);
  });

  test('an answer lost with a process costs one round without a page', async () => {
    const { visitor, session } = await signedIn();
    await refreshAndDie(session);

    const refused = await visitor.post(at('/auth/refresh'), {});
    expect([refused.status, await refused.json()]).toEqual([401, expect.objectContaining({ silent: true })]);
    const page = await visitor.open(at('/auth/login?silent=1&returnTo=%2Fprofile'));

    expect(new URL(page.url).pathname).toBe('/profile');
    expect(await isSignedIn(visitor)).toBe(true);
  });
});
