import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { startStack, type Stack } from '../../local/stack.ts';
import { type AdminCall, openAdmin } from '../support/keycloak-admin.ts';
import { startService } from '../support/running-service.ts';

/** What one round found. */
export interface Round {
  /** Changes that Keycloak said it had made. */
  readonly acknowledged: number;
  /** Users at Keycloak whose customer is missing or differs. */
  readonly drift: number;
  /** Customers whose facts have a hole or come twice. */
  readonly disordered: number;
}

const changes = 50;
const writers = 6;
const patienceMs = 60_000;

interface User {
  id: string;
  emailVerified: boolean;
  enabled: boolean;
  attributes?: { locale?: string[] };
}

async function usersBy(admin: AdminCall): Promise<User[]> {
  return (await (await admin('GET', '/users?max=2000&briefRepresentation=false')).json()) as User[];
}

/** One change: a new user, or another language of one who is there. */
async function change(admin: AdminCall, users: readonly User[], n: number): Promise<boolean> {
  const locale = n % 4 ? 'de' : 'en';
  const old = users.length && n % 2 ? users[n % users.length] : undefined;
  const email = `${randomUUID()}@example.org`;
  const made = { username: email, email, enabled: true, emailVerified: true, attributes: { locale: [locale] } };
  const answer = old
    ? admin('PUT', `/users/${old.id}`, { ...old, attributes: { ...old.attributes, locale: [locale] } })
    : admin('POST', '/users', made);
  return answer.then(({ ok }) => ok).catch(() => false);
}

async function changeAndKill(stack: Stack): Promise<number> {
  const keycloak = stack.parts.get('keycloak');
  if (!keycloak) throw new Error('There is no Keycloak to kill.');
  const admin = await openAdmin(stack.endpoints);
  const users = (await usersBy(admin)).filter(({ emailVerified }) => emailVerified);
  let [next, acknowledged] = [0, 0];
  let killed: Promise<unknown> | undefined;
  const write = async (): Promise<void> => {
    while (next < changes) {
      if (await change(admin, users, (next += 1))) acknowledged += 1;
      if (acknowledged >= changes / 2) killed ??= Promise.resolve(keycloak.kill('SIGKILL'));
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  if (!killed) throw new Error('Keycloak was not killed: it acknowledged too few changes.');
  await killed;
  await keycloak.start();
  return acknowledged;
}

const linked = `select l.subject, c.status, c.locale, c.email_verified as proven
  from identity_link l join customer c on c.id = l.customer_id`;
const disordered = `select customer_id from outbox group by customer_id
  having count(*) <> max(sequence) or min(sequence) <> 1 or count(distinct id) <> count(*)`;

async function driftOf(users: readonly User[], pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ subject: string; status: string; locale: string | null; proven: boolean }>(
    linked,
  );
  const known = new Map(rows.map((row) => [row.subject, row]));
  return users.filter(({ id, emailVerified, attributes }) => {
    const row = known.get(id);
    return (
      !row ||
      row.status !== 'ACTIVE' ||
      row.proven !== emailVerified ||
      row.locale !== (attributes?.locale?.[0] ?? null)
    );
  }).length;
}

async function round(stack: Stack, pool: pg.Pool): Promise<Round> {
  const acknowledged = await changeAndKill(stack);
  const users = await usersBy(await openAdmin(stack.endpoints));
  const service = await startService(stack.environment('all'));
  try {
    let drift = await driftOf(users, pool);
    for (
      const began = performance.now();
      drift && performance.now() - began < patienceMs;
      drift = await driftOf(users, pool)
    ) {
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    return { acknowledged, drift, disordered: (await pool.query(disordered)).rowCount ?? 0 };
  } finally {
    await service[Symbol.asyncDispose]();
  }
}

/** Kills Keycloak in the middle of changes while our service is away, again and again, over a stack of its own. */
export async function keycloakKill(rounds: number, say: (line: string) => void): Promise<Round[]> {
  const stack = await startStack({ parts: ['postgres', 'redis', 'mail', 'keycloak'], durable: false });
  const pool = new pg.Pool({ connectionString: stack.endpoints.postgres.url, max: 2 });
  const found: Round[] = [];
  try {
    for (let n = 1; n <= rounds; n += 1) {
      const one = await round(stack, pool);
      found.push(one);
      say(
        `round ${n}: ${one.acknowledged} changes acknowledged, ${one.drift} lost, ${one.disordered} customers out of order`,
      );
    }
  } finally {
    await pool.end();
    await stack.stop();
  }
  return found;
}
