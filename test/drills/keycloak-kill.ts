import { Redis } from 'ioredis';
import type pg from 'pg';
import { startStack, type Stack } from '../../local/stack.ts';
import { type ConsoleChange, fiftyChanges } from '../support/console-changes.ts';
import { factsOf, holesIn, publishedFacts, streamFaults, waitingFacts } from '../support/facts.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { cameTrue, until } from '../support/patience.ts';
import { tokensFor, type User } from '../support/people.ts';
import { type RunningService, startService } from '../support/running-service.ts';
import { type SeenCustomer, seenCustomers } from '../support/seen-customers.ts';

/** What one round found. Every list is empty when nothing was lost. */
export interface Round {
  /** Changes that Keycloak said it had made, and those whose answer the kill swallowed. */
  readonly acknowledged: number;
  readonly unanswered: number;
  /** Kinds of change that were acknowledged. */
  readonly kinds: number;
  /** Acknowledged changes that are not in effect. */
  readonly lost: readonly string[];
  /** Where a user and her customer differ. */
  readonly drift: readonly string[];
  /** Changes that are in effect twice, or told of other than once. */
  readonly twice: readonly string[];
  /** Customers whose facts have a hole, or were told out of order. */
  readonly disordered: readonly string[];
  /** From the start of the service until all was in effect. */
  readonly seconds: number;
}

const writers = 6;
const patienceMs = 60_000;

/** What the customer of a user must be. */
function wantedOf({ email, emailVerified, enabled, firstName, lastName, attributes }: User): Partial<SeenCustomer> {
  return {
    email,
    verified: emailVerified,
    givenName: firstName ?? null,
    familyName: lastName ?? null,
    locale: attributes?.locale?.[0] ?? null,
    // Whoever never proved her address stays pending, disabled or not.
    status: !emailVerified ? 'PENDING_VERIFICATION' : enabled ? 'ACTIVE' : 'SUSPENDED',
  };
}

const differing = (wanted: Partial<SeenCustomer>, seen: SeenCustomer | undefined): string[] =>
  Object.entries(wanted)
    .filter(([name, value]) => seen?.[name as keyof SeenCustomer] !== value)
    .map(([name]) => name);

/** Where the two sides differ: fields by name, users without a customer, customers of users who are gone. */
async function driftOf(stack: Stack, { parts }: RunningService): Promise<string[]> {
  const admin = await openAdmin(stack.endpoints);
  const users = (await (await admin('GET', '/users?max=5000&briefRepresentation=false')).json()) as User[];
  const customers = await seenCustomers(parts);
  const there = new Set(users.map(({ id }) => id));
  const gone = [...customers].filter(([subject, { status }]) => !there.has(subject) && status !== 'DEACTIVATED');
  return [
    ...users.flatMap((user) => {
      const seen = customers.get(user.id);
      const fields = differing(wantedOf(user), seen);
      const unnamed = user.attributes?.customerId?.[0] !== seen?.id ? ['customerId'] : [];
      return [...fields, ...unnamed].map((field) => `${user.id}: ${field} differs`);
    }),
    ...gone.map(([subject]) => `${subject}: deleted there, open here`),
  ];
}

async function refused(stack: Stack, { tokens }: ConsoleChange): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${stack.ports.PORT}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${tokens?.access ?? ''}` },
    body: JSON.stringify({ query: '{ me { id } }' }),
  });
  return answer.status === 401;
}

/** Acknowledged changes that are not in effect. */
async function lostOf(stack: Stack, { parts }: RunningService, made: readonly ConsoleChange[]): Promise<string[]> {
  const customers = await seenCustomers(parts);
  const lost: string[] = [];
  for (const change of made) {
    const { kind, subject = '', expected } = change;
    const fields = expected ? differing(expected, customers.get(subject)) : [];
    if (fields.length) lost.push(`${kind} ${subject}: ${fields.join(', ')}`);
    if (!expected && !(await refused(stack, change))) lost.push(`${kind} ${subject}: her token still counts`);
  }
  return lost;
}

const factsSince = `select l.subject, split_part(o.type, '.', 2) as type, count(*)::int as n
  from outbox o join identity_link l on l.customer_id = o.customer_id where o.position > $1 group by 1, 2`;

/** Acknowledged changes whose facts are not exactly those that follow from one change. */
async function twiceOf(pool: pg.Pool, since: string, made: readonly ConsoleChange[]): Promise<string[]> {
  const { rows } = await pool.query<{ subject: string; type: string; n: number }>(factsSince, [since]);
  const told = Map.groupBy(rows, ({ subject }) => subject);
  return made.flatMap(({ kind, subject = '', facts }) => {
    const found = Object.fromEntries((told.get(subject) ?? []).map(({ type, n }) => [type, n]));
    const names = new Set([...Object.keys(found), ...Object.keys(facts)]);
    return [...names]
      .filter((name) => found[name] !== facts[name])
      .map((name) => `${kind} ${subject}: ${name} ${found[name] ?? 0} times`);
  });
}

const lastPosition = 'select coalesce(max(position), 0)::text as position from outbox';

/** Makes what the changes need, with the service running, and waits until both sides agree on it. */
async function prepare(stack: Stack, service: RunningService): Promise<{ changes: ConsoleChange[]; since: string }> {
  const changes = await fiftyChanges(await openAdmin(stack.endpoints));
  for (const change of changes) if (change.person) change.tokens = await tokensFor(stack.endpoints, change.person);
  await until('The two sides agree', async () => !(await driftOf(stack, service)).length);
  const { pool } = service.parts;
  await until('Every fact is told', async () => !(await waitingFacts(pool)));
  const { rows } = await pool.query<{ position: string }>(lastPosition);
  return { changes, since: rows[0]?.position ?? '0' };
}

/** Makes the changes, kills Keycloak among them, and makes the rest once it is back. */
async function changeAndKill(stack: Stack, changes: readonly ConsoleChange[], after: number) {
  const keycloak = stack.parts.get('keycloak');
  if (!keycloak) throw new Error('There is no Keycloak to kill.');
  let admin = await openAdmin(stack.endpoints);
  const acknowledged: ConsoleChange[] = [];
  const unanswered: ConsoleChange[] = [];
  const left = [...changes];
  const restart = async (): Promise<void> => {
    await keycloak.kill('SIGKILL');
    await keycloak.start();
    admin = await openAdmin(stack.endpoints);
  };
  let back: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const answered = (await next.make(admin)) ? acknowledged : unanswered;
      answered.push(next);
      if (acknowledged.length >= after) await (back ??= restart());
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return { acknowledged, unanswered };
}

async function verify(
  stack: Stack,
  service: RunningService,
  redis: Redis,
  since: string,
  { acknowledged, unanswered }: Awaited<ReturnType<typeof changeAndKill>>,
): Promise<Round> {
  const began = performance.now();
  const { pool } = service.parts;
  const look = async () => ({
    lost: await lostOf(stack, service, acknowledged),
    drift: await driftOf(stack, service),
  });
  let found = await look();
  await cameTrue(async () => {
    found = await look();
    return !found.lost.length && !found.drift.length && !(await waitingFacts(pool));
  }, patienceMs);
  const seconds = (performance.now() - began) / 1000;
  const facts = await factsOf(pool);
  return {
    ...found,
    acknowledged: acknowledged.length,
    unanswered: unanswered.length,
    kinds: new Set(acknowledged.map(({ kind }) => kind)).size,
    twice: await twiceOf(pool, since, acknowledged),
    disordered: [...holesIn(facts), ...streamFaults(await publishedFacts(redis), facts)],
    seconds,
  };
}

/** Whether a round lost nothing. */
export function isWhole({ lost, drift, twice, disordered }: Round): boolean {
  return ![lost, drift, twice, disordered].some(({ length }) => length);
}

function sayRound(n: number, one: Round, say: (line: string) => void): void {
  say(
    `round ${n}: ${one.acknowledged} changes of ${one.kinds} kinds acknowledged, ${one.unanswered} without an answer, ` +
      `${one.lost.length} lost, ${one.drift.length} differ, ${one.twice.length} twice, ` +
      `${one.disordered.length} out of order; in effect ${one.seconds.toFixed(1)} s after the start`,
  );
  for (const line of [one.lost, one.drift, one.twice, one.disordered].flat()) say(`  ${line}`);
}

/** Kills Keycloak in the middle of changes while our service is away, again and again, over a stack of its own. */
export async function keycloakKill(rounds: number, say: (line: string) => void): Promise<Round[]> {
  const stack = await startStack({ parts: ['postgres', 'redis', 'mail', 'keycloak'], durable: false });
  const redis = new Redis(stack.endpoints.redis.url);
  const found: Round[] = [];
  let service: RunningService | undefined;
  try {
    service = await startService(stack.environment('all'));
    for (let n = 1; n <= rounds; n += 1) {
      const { changes, since } = await prepare(stack, service);
      await service[Symbol.asyncDispose]();
      // Not always at the same one of them.
      const made = await changeAndKill(stack, changes, 15 + ((n * 7) % 20));
      service = await startService(stack.environment('all'));
      const one = await verify(stack, service, redis, since, made);
      found.push(one);
      sayRound(n, one, say);
    }
  } finally {
    await service?.[Symbol.asyncDispose]();
    redis.disconnect();
    await stack.stop();
  }
  return found;
}
