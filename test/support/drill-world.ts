import { startStack, type Stack } from '../../local/stack.ts';
import type { Part } from '../../local/supervisor.ts';
import { CookieBrowser } from './cookie-browser.ts';
import { type Times, timesOf } from './figures.ts';
import { bearer } from './graph-client.ts';
import type { Busy, Sample } from './load.ts';
import { makePeople, type Person, tokensFor } from './people.ts';
import { until } from './patience.ts';
import { type RunningService, startService } from './running-service.ts';

/** Says one line. */
export type Say = (line: string) => void;

/** Somebody in a drill, and how she shows who she is. */
export interface Guest {
  readonly person: Person;
  readonly busy: Busy;
  readonly token: string;
  /** Hers who comes with cookies. */
  readonly browser: CookieBrowser | undefined;
}

/** A stack that keeps what it acknowledged, as in production, to kill parts of it. */
export function openDrillStack(say: Say): Promise<Stack> {
  return startStack({ parts: ['postgres', 'redis', 'mail', 'keycloak'], durable: true, say });
}

/** Where the graph of a stack is. */
export const graphOf = ({ ports }: Stack): string => `http://127.0.0.1:${ports.PORT}/graphql`;

/** @throws when the stack has no such part */
export function partOf({ parts }: Stack, name: string): Part {
  const part = parts.get(name);
  if (!part) throw new Error(`There is no ${name} to kill.`);
  return part;
}

/** Does something with our service, which then ends. */
export async function withService<T>(
  environment: Record<string, string>,
  work: (service: RunningService) => Promise<T>,
): Promise<T> {
  const service = await startService(environment);
  try {
    return await work(service);
  } finally {
    await service[Symbol.asyncDispose]();
  }
}

/** Makes customers and signs them in: every second one comes with cookies, the others with bearers. */
export async function signedInGuests(stack: Stack, count: number): Promise<Guest[]> {
  const people = await makePeople(stack.endpoints, count);
  const guests: Guest[] = [];
  for (const [at, person] of people.entries()) {
    const { access: token } = await tokensFor(stack.endpoints, person);
    const browser = at % 2 ? new CookieBrowser(stack.endpoints) : undefined;
    if (browser) await browser.signIn(person);
    const who = browser ? () => browser.headers() : bearer(token);
    guests.push({ person, token, browser, busy: { subject: person.subject, by: browser ? 'cookie' : 'bearer', who } });
  }
  return guests;
}

/** What a speed was before something went away, and what it was meanwhile. */
export interface Speed {
  readonly what: string;
  readonly before: Times;
  readonly during: Times;
}

/** Times of each kind of request that was done, by how its sender shows who she is. */
export function speedsOf(before: readonly Sample[], during: readonly Sample[]): Speed[] {
  const done = (samples: readonly Sample[]) =>
    Map.groupBy(
      samples.filter(({ outcome }) => outcome === 'done'),
      ({ by, kind }) => `${kind} by ${by}`,
    );
  const [first, then] = [done(before), done(during)];
  return [...new Set([...first.keys(), ...then.keys()])].map((what) => ({
    what,
    before: timesOf((first.get(what) ?? []).map(({ milliseconds }) => milliseconds)),
    during: timesOf((then.get(what) ?? []).map(({ milliseconds }) => milliseconds)),
  }));
}

/** Whether a speed was kept: P95 at most three times what it was, and 50 ms. */
export const isKept = ({ before, during }: Speed): boolean =>
  before.count > 0 && during.count > 0 && during.p95 <= 3 * before.p95 + 50;

/** Whether everything that was sent was done, by kind of what went wrong. */
export function undone(samples: readonly Sample[]): string[] {
  const wrong = samples.filter(({ outcome }) => outcome === 'fault' || outcome === 'away');
  const groups = Map.groupBy(wrong, ({ kind, by, outcome, status }) => `${kind} by ${by}: ${outcome}, HTTP ${status}`);
  return [...groups].map(([what, all]) => `${what}, ${all.length} times`);
}

/** Lets a load run until there is enough to compare with. */
export function enough(samples: readonly Sample[], count: number): Promise<number> {
  const from = samples.length;
  return until('The load goes on', () => samples.length >= from + count);
}
