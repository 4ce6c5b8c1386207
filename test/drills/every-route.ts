import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Stack } from '../../local/stack.ts';
import type { Part } from '../../local/supervisor.ts';
import { AccountConsole } from '../support/account-console.ts';
import { CookieBrowser } from '../support/cookie-browser.ts';
import { graphOf, partOf, type Say, withService } from '../support/drill-world.ts';
import { factsOf, holesIn, publishedFacts, streamFaults, waitingFacts } from '../support/facts.ts';
import { askGraph, bearer } from '../support/graph-client.ts';
import { openAdmin } from '../support/keycloak-admin.ts';
import { cameTrue } from '../support/patience.ts';
import { makePeople, type Person, tokensFor, type User } from '../support/people.ts';
import type { RunningService } from '../support/running-service.ts';
import { fieldsThatDiffer, seenCustomers } from '../support/seen-customers.ts';
import { withProcess } from '../support/service-process.ts';

/** Where a customer's name or language can be changed. */
const routes = ['Keycloak’s console', 'its admin API', 'its account console', 'our graph'] as const;
type Route = (typeof routes)[number];

/** What came of it. Every list is empty when nothing was lost. */
export interface EveryRoute {
  readonly acknowledged: Readonly<Record<Route, number>>;
  /** How often somebody had to try again, since a part was gone. */
  readonly repeated: number;
  /** Parts that were killed, in this order. */
  readonly killed: readonly string[];
  /** What is not the same on both sides. */
  readonly drift: readonly string[];
  /** What is not as it was acknowledged last. */
  readonly lost: readonly string[];
  /** Facts that are missing or out of order. */
  readonly stream: readonly string[];
  /** From the last change until all was in effect. */
  readonly seconds: number;
}

const writers = 5;
const patienceMs = 90_000;
const longestOutageMs = 120_000;
const againMs = 200;

/** Somebody whose name and language change all the time, by one writer at a time. */
class Changing {
  readonly person: Person;
  readonly #stack: Stack;
  #graph: string | undefined;
  readonly #console: AccountConsole;
  #inConsole: string | undefined;
  /** What was acknowledged last. */
  name = 'Ada';
  locale = 'en';

  constructor(stack: Stack, person: Person) {
    this.#stack = stack;
    this.#console = new AccountConsole(stack.endpoints);
    this.person = person;
  }

  /** Makes the change until it is acknowledged, as people do. Tells how often it had to be repeated. */
  async change(route: Route, name: string): Promise<number> {
    const until = performance.now() + longestOutageMs;
    for (let repeated = 0; ; repeated += 1) {
      const done = await this.#try(route, name).catch((error: unknown) => error);
      if (done === true) return repeated;
      if (performance.now() > until) throw new Error(`By ${route} nothing can be changed any more.`, { cause: done });
      await pause(againMs);
    }
  }

  async #try(route: Route, name: string): Promise<boolean> {
    if (route === 'its account console') return this.#inAccountConsole(this.locale === 'en' ? 'de' : 'en');
    const done = await (route === 'our graph'
      ? this.#inGraph(name)
      : this.#asAdmin(name, route === 'Keycloak’s console'));
    if (done) this.name = name;
    return done;
  }

  async #asAdmin(firstName: string, whole: boolean): Promise<boolean> {
    const admin = await openAdmin(this.#stack.endpoints);
    const place = `/users/${this.person.subject}`;
    const read = whole ? ((await (await admin('GET', place)).json()) as User) : {};
    const { ok, status } = await admin('PUT', place, { ...read, firstName });
    if (!ok) throw new Error(`Keycloak answered ${status}.`);
    return true;
  }

  async #enterConsole(): Promise<string> {
    const browser = new CookieBrowser(this.#stack.endpoints);
    const form = await browser.begin(this.#console.address());
    return this.#console.tokenOf(await browser.finish(form, this.person, (url) => url.includes('/account/?')));
  }

  /** A customer's names are for staff to change there; her language is hers. */
  async #inAccountConsole(locale: string): Promise<boolean> {
    this.#inConsole ??= await this.#enterConsole();
    const status = await this.#console.speak(this.#inConsole, locale);
    if (status === 401) this.#inConsole = undefined;
    if (status === 204) this.locale = locale;
    return status === 204;
  }

  async #inGraph(givenName: string): Promise<boolean> {
    this.#graph ??= (await tokensFor(this.#stack.endpoints, this.person)).access;
    const [url, who] = [graphOf(this.#stack), bearer(this.#graph)];
    const me = await askGraph(url, who, '{ me { version } }');
    if (me.status === 401) this.#graph = undefined;
    if (me.outcome !== 'done' || !me.data['me']) return false;
    const update = 'mutation ($i: UpdateProfileInput!) { updateProfile(input: $i) { __typename } }';
    const input = { expectedVersion: me.data['me'].version as number, givenName };
    return (await askGraph(url, who, update, { i: input })).outcome === 'done';
  }
}

interface Done {
  readonly acknowledged: Record<Route, number>;
  readonly repeated: number;
}

/** All of them change in turn, by every route in turn; in between one part after the other is killed. */
async function changeAll(people: readonly Changing[], count: number, victims: readonly Part[]): Promise<Done> {
  const acknowledged = Object.fromEntries(routes.map((route) => [route, 0])) as Record<Route, number>;
  let [next, repeated] = [0, 0];
  const outages: Promise<void>[] = [];
  const killAfter = (n: number): number => Math.floor(((n + 1) * count) / (victims.length + 1));
  const kill = async (victim: Part): Promise<void> => {
    await victim.kill('SIGKILL');
    await victim.start();
  };
  // Whoever writes for one customer does so alone: each writer has its own.
  const write = async (own: readonly Changing[]): Promise<void> => {
    for (let turn = 0; next < count; turn += 1) {
      const n = next++;
      const due = victims.findIndex((_victim, at) => killAfter(at) === n);
      if (due >= 0) outages.push((outages.at(-1) ?? Promise.resolve()).then(() => kill(victims[due] as Part)));
      const route = routes[n % routes.length] as Route;
      repeated += await (own[turn % own.length] as Changing).change(route, `Grace ${n}`);
      acknowledged[route] += 1;
    }
  };
  const shares = Array.from({ length: writers }, (_, at) => people.filter((_one, n) => n % writers === at));
  await Promise.all(shares.map(write));
  await Promise.all(outages);
  return { acknowledged, repeated };
}

async function lostOf({ parts }: RunningService, people: readonly Changing[]): Promise<string[]> {
  const customers = await seenCustomers(parts);
  return people.flatMap(({ person, name, locale }) => {
    const { givenName, locale: language } = customers.get(person.subject) ?? {};
    const faults = [...(givenName === name ? [] : [name]), ...(language === locale ? [] : [locale])];
    return faults.map((fault) => `${person.subject}: not “${fault}”, which was acknowledged last`);
  });
}

async function settled(stack: Stack, service: RunningService, people: readonly Changing[]) {
  const subjects = people.map(({ person }) => person.subject);
  const began = performance.now();
  const look = async () => ({
    drift: await fieldsThatDiffer(stack.endpoints, service.parts, subjects),
    lost: await lostOf(service, people),
  });
  let found: Awaited<ReturnType<typeof look>> | undefined;
  await cameTrue(async () => {
    found = await look();
    return !found.drift.length && !found.lost.length && !(await waitingFacts(service.parts.pool));
  }, patienceMs);
  return { ...(found ?? (await look())), seconds: (performance.now() - began) / 1000 };
}

async function streamOf(stack: Stack, { parts }: RunningService): Promise<string[]> {
  const redis = new Redis(stack.endpoints.redis.url);
  const facts = await factsOf(parts.pool);
  const read = await publishedFacts(redis);
  redis.disconnect();
  return [...holesIn(facts), ...streamFaults(read, facts)];
}

/** Whether nothing was lost. */
export const isEveryRouteWhole = ({ drift, lost, stream }: EveryRoute): boolean =>
  ![drift, lost, stream].some(({ length }) => length);

/**
 * Customers change by every route there is, while each part is killed once.
 *
 * @param count  changes in all
 */
export async function everyRoute(stack: Stack, count: number, say: Say): Promise<EveryRoute> {
  const made = await makePeople(stack.endpoints, Math.min(25, Math.max(writers, Math.ceil(count / 10))));
  const people = made.map((person) => new Changing(stack, person));
  const beside = { ...stack.environment('server'), PORT: '0', ADMIN_PORT: '0', GRPC_PORT: '0' };
  const found = await withService(beside, (observer) =>
    withProcess(stack, 'server', (server) =>
      withProcess(stack, 'worker', async (worker) => {
        const kept = ['keycloak', 'postgres', 'redis'].map((name) => partOf(stack, name));
        const victims = [server, ...kept, worker];
        const done = await changeAll(people, count, victims);
        const end = await settled(stack, observer, people);
        return { ...done, ...end, killed: victims.map(({ name }) => name), stream: await streamOf(stack, observer) };
      }),
    ),
  );
  const all = Object.entries(found.acknowledged).map(([route, n]) => `${n} by ${route}`);
  say(
    `${all.join(', ')}; killed in turn: ${found.killed.join(', ')}; ${found.repeated} tried again; ` +
      `${found.drift.length} fields differ, ${found.lost.length} lost, ${found.stream.length} facts missing or out of order; ` +
      `all in effect ${found.seconds.toFixed(1)} s after the last`,
  );
  for (const line of [found.drift, found.lost, found.stream].flat().slice(0, 20)) say(`  ${line}`);
  return found;
}
