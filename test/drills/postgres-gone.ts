import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Stack } from '../../local/stack.ts';
import type { Part } from '../../local/supervisor.ts';
import { CookieBrowser } from '../support/cookie-browser.ts';
import {
  enough,
  graphOf,
  type Guest,
  partOf,
  type Say,
  signedInGuests,
  type Speed,
  speedsOf,
  withService,
} from '../support/drill-world.ts';
import { factsOf, holesIn, publishedFacts, streamFaults, waitingFacts } from '../support/facts.ts';
import { saidTimes, type Times, timesOf } from '../support/figures.ts';
import { askGraph, bearer } from '../support/graph-client.ts';
import { Load, type Sample } from '../support/load.ts';
import { until } from '../support/patience.ts';
import { tokensFor } from '../support/people.ts';
import type { RunningService } from '../support/running-service.ts';
import { seenCustomers } from '../support/seen-customers.ts';

/** What an outage of PostgreSQL did. Every list is empty when nothing was lost. */
export interface PostgresGone {
  /** Requests that were told at once to come again later. */
  readonly refusals: Times;
  /** Answers while it was away that were neither 503 with Retry-After nor done, by kind. */
  readonly faults: readonly string[];
  /** Changes acknowledged until the end. */
  readonly acknowledged: number;
  /** Acknowledged changes that are not there. */
  readonly lost: readonly string[];
  /** Facts that are missing from the stream, or came out of order. */
  readonly stream: readonly string[];
  /** From when PostgreSQL takes connections until every customer reads and writes again. */
  readonly servedAfterMs: number;
  /** Until somebody signs in anew as well, Keycloak's own recovery included. */
  readonly signInAfterMs: number;
  /** Until every fact was told. */
  readonly toldAfterMs: number;
  readonly speeds: readonly Speed[];
}

const triesToStart = 40;

/** Its orphaned processes must be gone before another one takes the data. */
async function startAgain(postgres: Part): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await postgres.start();
    } catch (error) {
      if (tries === triesToStart) throw error;
      await pause(250);
    }
  }
}

/** What was answered other than done or 503 with Retry-After. A connection that dies under a request is an outage too. */
function faultsOf(samples: readonly Sample[]): string[] {
  const wrong = samples.filter(
    ({ outcome, status, retryAfter }) => outcome === 'fault' || (outcome === 'away' && (status !== 503 || !retryAfter)),
  );
  const groups = Map.groupBy(
    wrong,
    ({ kind, by, outcome, status, retryAfter }) =>
      `${kind} by ${by}: ${outcome}, HTTP ${status}, Retry-After ${retryAfter ?? 'missing'}`,
  );
  return [...groups].map(([what, all]) => `${what}, ${all.length} times`);
}

async function signsIn(stack: Stack, { person }: Guest): Promise<boolean> {
  try {
    const { access } = await tokensFor(stack.endpoints, person);
    const me = await askGraph(graphOf(stack), bearer(access), '{ me { id } }');
    const browser = new CookieBrowser(stack.endpoints);
    await browser.signIn(person);
    return me.outcome === 'done' && browser.isSignedIn;
  } catch {
    return false;
  }
}

/** What is wrong with what was told of these customers. */
async function streamOf(stack: Stack, { parts }: RunningService, guests: readonly Guest[]): Promise<string[]> {
  const customers = await seenCustomers(parts);
  const ids = new Set(guests.map(({ person }) => customers.get(person.subject)?.id));
  const redis = new Redis(stack.endpoints.redis.url);
  const [facts, read] = [await factsOf(parts.pool), await publishedFacts(redis)].map((all) =>
    all.filter(({ subject }) => ids.has(subject)),
  );
  redis.disconnect();
  return [...holesIn(facts ?? []), ...streamFaults(read ?? [], facts ?? [])];
}

async function outage(stack: Stack, service: RunningService, seconds: number): Promise<PostgresGone> {
  const postgres = partOf(stack, 'postgres');
  const guests = await signedInGuests(stack, 6);
  const load = new Load(
    graphOf(stack),
    guests.map(({ busy }) => busy),
  );
  await enough(load.samples, 120);
  const goneAt = performance.now();
  await postgres.kill('SIGKILL');
  await pause(seconds * 1000);
  await startAgain(postgres);
  const backAt = performance.now();
  await until('Everybody is served', () => load.isServedSince(backAt));
  const servedAfterMs = performance.now() - backAt;
  const [first] = guests;
  if (first) await until('Somebody signs in', () => signsIn(stack, first));
  const signInAfterMs = performance.now() - backAt;
  await load.stop();
  await until('Every fact is told', async () => !(await waitingFacts(service.parts.pool)));
  const toldAfterMs = performance.now() - backAt;
  const away = load.between(goneAt, backAt);
  const refused = load.samples.filter(({ at, outcome }) => at >= goneAt && outcome === 'away');
  return {
    refusals: timesOf(refused.map(({ milliseconds }) => milliseconds)),
    faults: faultsOf(load.between(goneAt - 1000, Infinity)),
    acknowledged: [...load.acknowledged.values()].flat().length,
    lost: await load.lost(service.parts),
    stream: await streamOf(stack, service, guests),
    servedAfterMs,
    signInAfterMs,
    toldAfterMs,
    speeds: speedsOf(load.between(0, goneAt), away),
  };
}

/** Longest that a refusal may take, and that recovery may, in milliseconds. */
export const allowed = { refusalMs: 3000, recoveryMs: 15_000 };

/** Whether nothing was lost, refusals were quick, and all went on by itself. */
export function isPostgresDrillWhole({ refusals, faults, lost, stream, ...times }: PostgresGone): boolean {
  return (
    ![faults, lost, stream].some(({ length }) => length) &&
    refusals.count > 0 &&
    refusals.p95 <= allowed.refusalMs &&
    Math.max(times.servedAfterMs, times.signInAfterMs, times.toldAfterMs) <= allowed.recoveryMs
  );
}

/**
 * PostgreSQL is killed under customers who read and write, and comes back.
 *
 * @param seconds  how long it is away
 */
export async function postgresGone(stack: Stack, seconds: number, say: Say): Promise<PostgresGone> {
  const gone = await withService(stack.environment('all'), (service) => outage(stack, service, seconds));
  const after = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  say(
    `PostgreSQL killed for ${seconds} s: refused ${saidTimes(gone.refusals)}; ${gone.faults.length} kinds of other answers`,
  );
  say(
    `  ${gone.acknowledged} changes acknowledged, ${gone.lost.length} lost, ${gone.stream.length} facts missing or out of order; ` +
      `everybody served again after ${after(gone.servedAfterMs)}, signed in anew after ${after(gone.signInAfterMs)}, ` +
      `every fact told after ${after(gone.toldAfterMs)}`,
  );
  for (const line of [gone.faults, gone.lost, gone.stream].flat().slice(0, 20)) say(`  ${line}`);
  return gone;
}
