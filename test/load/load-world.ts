import { randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import { freePort } from '../../local/ports.ts';
import { loadSecrets } from '../../local/secrets.ts';
import { planService } from '../../local/service.ts';
import { startStack, type Stack } from '../../local/stack.ts';
import { supervise } from '../../local/supervisor.ts';
import { migrate } from '../../src/commands/migrate.ts';
import { partOf, type Say } from '../support/drill-world.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { until } from '../support/patience.ts';
import { makePerson, newUser, madeId, type Person } from '../support/people.ts';
import type { PersonWithApp } from '../support/second-factors.ts';
import type { PartName } from './cpu.ts';

/** Everything that is measured, each part in a process of its own, and who signs in. */
export interface LoadWorld {
  readonly stack: Stack;
  readonly pids: Readonly<Record<PartName, number>>;
  readonly people: readonly Person[];
  readonly withApp: readonly PersonWithApp[];
  /** The token of a service that may sign customers in and have tokens judged. */
  callerToken(): Promise<string>;
  /** Waits until nothing of what was done is still to be told. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const root = path.resolve(import.meta.dirname, '../..');
const atATime = 8;

/** The hash of somebody's password as Keycloak keeps it, for all others: an import brings hashes, too. */
async function hashOf({ superuserUrl }: Stack, { subject }: Person): Promise<object> {
  const client = new pg.Client({
    connectionString: Object.assign(new URL(superuserUrl), { pathname: '/keycloak' }).href,
  });
  await client.connect();
  try {
    const text = `select credential_data as "credentialData", secret_data as "secretData" from credential
      where user_id = $1 and type = 'password'`;
    const { rows } = await client.query<object>(text, [subject]);
    return { type: 'password', ...rows[0] };
  } finally {
    await client.end();
  }
}

/** Makes people with a ready hash, who differ in everything but the password. */
async function importPeople<T>(stack: Stack, count: number, more: () => { credentials: object[]; own: T }) {
  const made: ({ subject: string; email: string } & T)[] = [];
  while (made.length < count) {
    const admin = await openAdmin(stack.endpoints);
    const some = Array.from({ length: Math.min(atATime * 8, count - made.length) });
    for (let n = 0; n < some.length; n += atATime) {
      const round = some.slice(n, n + atATime).map(async () => {
        const { credentials, own } = more();
        const user = newUser({ credentials });
        return { subject: madeId(await admin('POST', '/users', user)), email: user.email, ...own };
      });
      made.push(...(await Promise.all(round)));
    }
  }
  return made;
}

const appData = JSON.stringify({ subType: 'totp', digits: 6, period: 30, algorithm: 'HmacSHA1' });

async function makeAll(stack: Stack, { plain, withApp }: { plain: number; withApp: number }) {
  const first = await makePerson(await openAdmin(stack.endpoints));
  const hash = await hashOf(stack, first);
  const { password } = first;
  const people = await importPeople(stack, plain, () => ({ credentials: [hash], own: { password } }));
  const appPeople = await importPeople(stack, withApp, () => {
    const secret = randomBytes(15).toString('base64url');
    const app = {
      type: 'otp',
      userLabel: 'phone',
      credentialData: appData,
      secretData: JSON.stringify({ value: secret }),
    };
    return { credentials: [hash, app], own: { password, secret } };
  });
  return { people, withApp: appPeople };
}

interface Caller {
  readonly id: string;
  readonly secret: string;
}

/** A client whose service account may call our gRPC. */
async function makeCaller({ endpoints }: Stack, { id, secret }: Caller): Promise<void> {
  const admin = await openAdmin(endpoints);
  const read = async <T>(what: string): Promise<T> => (await (await admin('GET', what)).json()) as T;
  const scopes = ['customer-token', 'customer-acr', 'auth:login', 'auth:validate'];
  const base = { clientId: id, secret, serviceAccountsEnabled: true, fullScopeAllowed: false };
  await admin('POST', '/clients', { ...base, standardFlowEnabled: false, defaultClientScopes: scopes });
  const [client] = await read<{ id: string }[]>(`/clients?clientId=${id}`);
  const account = await read<{ id: string }>(`/clients/${client?.id}/service-account-user`);
  await admin('POST', `/users/${account.id}/role-mappings/realm`, [await read('/roles/login-service')]);
}

async function callerToken({ endpoints: { keycloak } }: Stack, { id, secret }: Caller): Promise<string> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
  const url = `${keycloak.url}/realms/${keycloak.realm}/protocol/openid-connect/token`;
  const answer = await fetch(url, { method: 'POST', body: form });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** Our server and worker as processes of their own. */
async function startOurs(stack: Stack, caller: Caller) {
  const secrets = loadSecrets(stack.stateDir);
  const workerPorts = { ...stack.ports, ADMIN_PORT: await freePort(new Set(Object.values(stack.ports))) };
  const supervisor = supervise(stack.stateDir, () => undefined);
  const start = (ports: Stack['ports'], role: 'server' | 'worker') => {
    const plan = planService(root, ports, secrets, role);
    const env = { ...plan.env, TOKEN_CLIENTS: `${plan.env['TOKEN_CLIENTS']},${caller.id}`, LOG_LEVEL: 'info' };
    return supervisor.start({ ...plan, env });
  };
  try {
    return { server: await start(stack.ports, 'server'), worker: await start(workerPorts, 'worker'), supervisor };
  } catch (error) {
    await supervisor.stopAll();
    throw error;
  }
}

const pending = `select (select count(*)::int from outbox where published_at is null)
  + (select count(*)::int from inbox where done_at is null) as n`;

/** Starts what is measured, and imports the people; each has her customer when this resolves. */
async function fill(stack: Stack, pool: pg.Pool, counts: { plain: number; withApp: number }, opened: Closers) {
  const caller = { id: `caller-${randomUUID()}`, secret: randomUUID() };
  await migrate(stack.environment('all'));
  await makeCaller(stack, caller);
  const { server, worker, supervisor } = await startOurs(stack, caller);
  opened.push(() => supervisor.stopAll());
  const made = await makeAll(stack, counts);
  const count = async (text: string): Promise<number> => (await pool.query<{ n: number }>(text)).rows[0]?.n ?? 0;
  const all = counts.plain + counts.withApp;
  const here = 'select count(*)::int as n from identity_link';
  await until('Everybody is a customer', async () => (await count(here)) >= all, 180_000);
  const pidOf = (name: string): number => partOf(stack, name).pid ?? 0;
  const pids = { keycloak: pidOf('keycloak'), postgres: pidOf('postgres'), redis: pidOf('redis') };
  return {
    ...made,
    pids: { ...pids, server: server.pid ?? 0, worker: worker.pid ?? 0 },
    callerToken: () => callerToken(stack, caller),
    settled: async () => void (await until('All is told', async () => (await count(pending)) === 0)),
  };
}

type Closers = (() => Promise<unknown>)[];

/** Starts everything in an order, and ends it in the opposite one. */
export async function openLoadWorld(counts: { plain: number; withApp: number }, say: Say): Promise<LoadWorld> {
  const stack = await startStack({ parts: ['postgres', 'redis', 'mail', 'keycloak'], durable: true, say });
  const pool = new pg.Pool({ connectionString: stack.endpoints.postgres.url, max: 1 });
  const opened: Closers = [() => stack.stop(), () => pool.end()];
  const stop = async (): Promise<void> => {
    for (const close of opened.toReversed()) await close();
  };
  try {
    return { stack, ...(await fill(stack, pool, counts, opened)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
