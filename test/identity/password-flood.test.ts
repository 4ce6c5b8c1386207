import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { describe, expect, inject, test } from 'vitest';
import { createLoginClients } from '../../src/features/authentication/login-clients.ts';
import { Unavailable } from '../../src/domain/errors.ts';
import { readConfig } from '../../src/platform/config.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { stepsOverService } from '../support/life-steps.ts';
import { makePerson, type Person } from '../support/people.ts';
import { Visitor } from '../support/visitor.ts';

const { keycloak, clients } = inject('endpoints');
const steps = stepsOverService();
const realm = `${keycloak.url}/realms/${keycloak.realm}`;
/** More than can be hashed in two seconds, or wait for it. */
const flooding = availableParallelism() * 8 + 30;

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly error: string;
  readonly ms: number;
}

async function grant({ email, password }: Pick<Person, 'email' | 'password'>): Promise<Answer> {
  const form = { grant_type: 'password', client_id: clients.cli.id, username: email, password, scope: 'openid' };
  const began = performance.now();
  const answer = await fetch(`${realm}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  const { error = '' } = (await answer.json()) as { error?: string };
  const retryAfter = answer.headers.get('retry-after');
  return { status: answer.status, retryAfter, error, ms: performance.now() - began };
}

/** Sign-ins at the same time, each of an address of its own, which costs a hash whether anybody has it or not. */
const flood = (): Promise<Answer>[] =>
  Array.from({ length: flooding }, () => grant({ email: `${randomUUID()}@example.org`, password: 'not a password' }));

const failuresOf = async ({ subject }: Person): Promise<number> =>
  ((await steps.admin('GET', `/attack-detection/brute-force/users/${subject}`)) as { numFailures: number }).numFailures;

/** Has somebody come while others flood, until she is turned away, and returns how. What she prepares is done before. */
async function turnedAway<T>(prepare: () => Promise<() => Promise<T>>, isTurnedAway: (done: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 5; tries += 1) {
    const come = await prepare();
    const others = flood();
    // The first of them is answered, so the queue is full by now.
    await Promise.race(others);
    const done = await come();
    await Promise.all(others);
    if (isTurnedAway(done)) return done;
  }
  throw new Error('Nobody was turned away.');
}

describe('a flood of sign-ins (issue 2, deliverable 1)', () => {
  test('is turned away after two seconds at most, with a word when to come back; whoever needs no hash is served', async () => {
    // A server that has just started compiles what it runs for the first time.
    await Promise.all(flood());

    const others = flood();
    const began = performance.now();
    const keys = await fetch(`${realm}/protocol/openid-connect/certs`);
    const keysMs = performance.now() - began;
    const answers = await Promise.all(others);

    const away = answers.filter(({ status }) => status === 503);
    expect(away.length).toBeGreaterThan(0);
    expect(new Set(away.map(({ retryAfter, error }) => `${retryAfter} ${error}`))).toEqual(
      new Set(['5 temporarily_unavailable']),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 503]));
    const longest = Math.max(...away.map(({ ms }) => ms));
    // Two seconds in the queue and a second around them, three times over on a busy machine.
    expect(longest).toBeLessThan(9000);
    expect([keys.status, keysMs < Math.max(...answers.map(({ ms }) => ms))]).toEqual([200, true]);
    process.stdout.write(
      `  ${flooding} at once: ${away.length} turned away, the last after ${Math.round(longest)} ms; keys after ${Math.round(keysMs)} ms\n`,
    );
  });

  test('counts nothing against whoever was turned away, and lets her in afterwards', async () => {
    const person = await makePerson(await openAdmin(inject('endpoints')));

    const answer = await turnedAway(
      async () => () => grant(person),
      ({ status }) => status === 503,
    );

    expect(answer).toMatchObject({ retryAfter: '5', error: 'temporarily_unavailable' });
    expect(await failuresOf(person)).toBe(0);
    expect(await grant(person)).toMatchObject({ status: 200 });
  });

  test('shows a sentence on the page, and the form again when she comes back', async () => {
    const person = await makePerson(await openAdmin(inject('endpoints')));
    const form = { username: person.email, password: person.password };
    let visitor = new Visitor();

    const page = await turnedAway(
      async () => {
        visitor = new Visitor();
        const login = await visitor.open(`${steps.publicUrl}/auth/login`);
        return () => visitor.submit(login, form);
      },
      ({ status }) => status === 503,
    );

    expect(page.headers.get('retry-after')).toBe('5');
    expect(page.text).toContain('Many people are signing in at the moment.');
    expect(await failuresOf(person)).toBe(0);
    await visitor.submit(await visitor.open(`${steps.publicUrl}/auth/login`), form);
    expect(visitor.cookies.has('__Host-access')).toBe(true);
  });

  test('is told to services as “not available, try again in five seconds”', async () => {
    const person = await makePerson(await openAdmin(inject('endpoints')));
    const config = readConfig(inject('environment'));
    const client = createLoginClients(config, () => new Date()).get(clients.login.id);
    const { email, password } = person;

    const told = await turnedAway(
      async () => () =>
        client!.byPassword({ email, password, otp: '', otpMethod: '' }).catch((error: unknown) => error),
      (outcome) => outcome instanceof Error,
    );

    expect(told).toBeInstanceOf(Unavailable);
    expect((told as Unavailable).retryAfterSeconds).toBe(5);
  });
});
