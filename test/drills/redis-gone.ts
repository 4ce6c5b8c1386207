import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Stack } from '../../local/stack.ts';
import { CookieBrowser } from '../support/cookie-browser.ts';
import {
  enough,
  graphOf,
  type Guest,
  isKept,
  partOf,
  type Say,
  signedInGuests,
  type Speed,
  speedsOf,
  undone,
  withService,
} from '../support/drill-world.ts';
import { factsOf, holesIn, type Published, publishedFacts, streamFaults, waitingFacts } from '../support/facts.ts';
import { saidTimes } from '../support/figures.ts';
import { askGraph, bearer } from '../support/graph-client.ts';
import { type Follower, followByEvents, followBySocket, isGapless } from '../support/live-clients.ts';
import { Load } from '../support/load.ts';
import { cameTrue, until } from '../support/patience.ts';
import { makePeople, tokensFor } from '../support/people.ts';
import type { RunningService } from '../support/running-service.ts';

/** What one outage of Redis did. Every list is empty when nothing was lost. */
export interface RedisGone {
  readonly comesBack: 'with its data' | 'empty';
  readonly speeds: readonly Speed[];
  /** Requests of the load that were not done while it was away. */
  readonly undone: readonly string[];
  /** Ways to sign in that did not work while it was away. */
  readonly signInsRefused: readonly string[];
  /** Acknowledged changes that are not there. */
  readonly lost: readonly string[];
  /** Facts that are missing from the stream, or came out of order. */
  readonly stream: readonly string[];
  /** Followers who were told with a gap, or not to the end. */
  readonly followers: readonly string[];
  /** Changes that followers were told of while it was away. */
  readonly toldMeanwhile: number;
  /** Status of each registration from one network while it was away, and one after. */
  readonly registrations: readonly number[];
  /** Whether a message of another context was taken in afterwards. */
  readonly consumed: boolean;
  readonly caughtUpMs: number;
}

/** Registrations that one network may make in the drill. */
export const registrationsAllowed = 3;

const patienceMs = 30_000;
const settledMs = 60_000;

async function registers(stack: Stack): Promise<number> {
  const origin = new URL(stack.endpoints.rest).origin;
  const body = JSON.stringify({ email: `${randomUUID()}@example.org`, locale: 'en', country: 'DE' });
  const headers = { origin, 'x-csrf': '1', 'content-type': 'application/json' };
  return (await fetch(`${stack.endpoints.rest}/auth/register`, { method: 'POST', headers, body })).status;
}

/** Somebody new comes with a token and with a browser, and somebody's browser gets a new token. */
async function refusedSignIns(stack: Stack, known: CookieBrowser): Promise<string[]> {
  const refused: string[] = [];
  const [person] = await makePeople(stack.endpoints, 1);
  if (!person) throw new Error('Nobody was made.');
  const { access } = await tokensFor(stack.endpoints, person);
  const me = await askGraph(graphOf(stack), bearer(access), '{ me { id } }');
  if (me.outcome !== 'done' || !me.data['me']) refused.push(`bearer: HTTP ${me.status}`);
  const browser = new CookieBrowser(stack.endpoints);
  const { status } = await browser.signIn(person);
  if (!browser.isSignedIn) refused.push(`browser: HTTP ${status}`);
  const refreshed = await known.refresh();
  if (refreshed.status !== 200) refused.push(`refresh: HTTP ${refreshed.status}`);
  return refused;
}

/** Waits until nothing waits, so that whoever reads the stream has read all of it before it is emptied. */
async function allRead(stack: Stack, { parts }: RunningService): Promise<Published[]> {
  await until('Every fact is told', async () => !(await waitingFacts(parts.pool)), settledMs);
  const redis = new Redis(stack.endpoints.redis.url);
  const read = await publishedFacts(redis);
  redis.disconnect();
  return read;
}

async function isConsumed(stack: Stack, { parts }: RunningService, subject: string): Promise<boolean> {
  const { rows } = await parts.pool.query<{ id: string }>(
    'select customer_id as id from identity_link where subject = $1',
    [subject],
  );
  const id = randomUUID();
  const data = { ticketId: id, customerId: rows[0]?.id, createdAt: new Date().toISOString() };
  const event = {
    specversion: '1.0',
    id,
    source: 'urn:support',
    type: 'support.CustomerSupportTicketCreated.v1',
    data,
  };
  const redis = new Redis(stack.endpoints.redis.url);
  await redis.xadd('support.events', '*', 'event', JSON.stringify(event));
  redis.disconnect();
  const done = 'select from inbox where message_id = $1 and done_at is not null';
  return cameTrue(async () => (await parts.pool.query(done, [id])).rowCount === 1, patienceMs);
}

/** Followers who have not been told everything of their customer, each once and in order. */
async function behind({ parts }: RunningService, followers: readonly Following[]): Promise<string[]> {
  const sequenceOf = `select c.sequence from customer c join identity_link l on l.customer_id = c.id where l.subject = $1`;
  const faults: string[] = [];
  for (const { guest, follower, how } of followers) {
    const { rows } = await parts.pool.query<{ sequence: number }>(sequenceOf, [guest.person.subject]);
    if (!isGapless(follower)) faults.push(`${how}: told with a gap`);
    if (follower.cursors.at(-1) !== rows[0]?.sequence) faults.push(`${how}: not told to the end`);
    if (!follower.isOpen()) faults.push(`${how}: ended`);
  }
  return faults;
}

interface Following {
  readonly guest: Guest;
  readonly how: string;
  readonly follower: Follower;
}

async function follow(stack: Stack, [first, second]: readonly Guest[]): Promise<Following[]> {
  if (!first || !second) throw new Error('Nobody is there to follow.');
  const url = graphOf(stack);
  const followers = [
    { guest: first, how: 'socket', follower: followBySocket(url, first.token) },
    { guest: second, how: 'events', follower: followByEvents(url, second.busy.who) },
  ];
  await until('Both follow', () => followers.every(({ follower }) => follower.cursors.length > 0));
  return followers;
}

const toldTo = (followers: readonly Following[]): number =>
  followers.reduce((sum, { follower }) => sum + follower.cursors.length, 0);

/** While it is away: whoever signs in, and registrations of one network until they are too many. */
async function meanwhile(stack: Stack, guests: readonly Guest[], endsAt: number) {
  const browser = guests.find((guest) => guest.browser)?.browser;
  if (!browser) throw new Error('Nobody came with a browser.');
  const signInsRefused = await refusedSignIns(stack, browser);
  const registrations: number[] = [];
  while (registrations.length <= registrationsAllowed) registrations.push(await registers(stack));
  await pause(Math.max(0, endsAt - performance.now()));
  return { signInsRefused, registrations };
}

/** The load before, and what of it was read and lost where it must end: see {@link outage}. */
async function endBefore(stack: Stack, service: RunningService, before: Load) {
  await before.stop();
  return { read: await allRead(stack, service), lost: await before.lost(service.parts) };
}

interface Back {
  /** What was read of the stream before it was lost. */
  readonly read: readonly Published[];
  readonly backAt: number;
  readonly followers: readonly Following[];
}

/** Waits until stream and followers have everything, and says what they miss. */
async function caughtUp(stack: Stack, service: RunningService, { read, backAt, followers }: Back) {
  const { pool } = service.parts;
  await cameTrue(async () => !(await waitingFacts(pool)), settledMs);
  const caughtUpMs = performance.now() - backAt;
  await cameTrue(async () => !(await behind(service, followers)).length, patienceMs);
  const facts = await factsOf(pool);
  const missed = await behind(service, followers);
  for (const { follower } of followers) follower.leave();
  const stream = [...holesIn(facts), ...streamFaults([...read, ...(await allRead(stack, service))], facts)];
  return { stream, followers: missed, caughtUpMs };
}

/**
 * Redis is killed while customers read and write, and comes back with its data or with nothing. One that loses what it
 * had loses what nobody has read yet: then nobody writes in the moment in which it dies.
 */
async function outage(
  stack: Stack,
  service: RunningService,
  { comesBack, seconds }: { comesBack: RedisGone['comesBack']; seconds: number },
): Promise<RedisGone> {
  const redis = partOf(stack, 'redis');
  const guests = await signedInGuests(stack, 4);
  const followers = await follow(stack, guests);
  const newLoad = (): Load =>
    new Load(
      graphOf(stack),
      guests.map(({ busy }) => busy),
    );
  const before = newLoad();
  await enough(before.samples, 80);
  const ended = comesBack === 'empty' ? await endBefore(stack, service, before) : { read: [], lost: [] };
  const told = toldTo(followers);
  await redis.kill('SIGKILL');
  const goneAt = performance.now();
  const load = comesBack === 'empty' ? newLoad() : before;
  const { signInsRefused, registrations } = await meanwhile(stack, guests, goneAt + seconds * 1000);
  const toldMeanwhile = toldTo(followers) - told;
  if (comesBack === 'empty') rmSync(path.join(stack.stateDir, 'redis', 'appendonlydir'), { recursive: true });
  await redis.start();
  const backAt = performance.now();
  registrations.push(await registers(stack));
  await enough(load.samples, 40);
  await load.stop();
  return {
    comesBack,
    speeds: speedsOf(before.between(0, goneAt), load.between(goneAt, backAt)),
    undone: undone(load.between(goneAt, Infinity)),
    signInsRefused,
    toldMeanwhile,
    registrations,
    lost: [...ended.lost, ...(await load.lost(service.parts))],
    ...(await caughtUp(stack, service, { read: ended.read, backAt, followers })),
    consumed: await isConsumed(stack, service, guests[0]?.person.subject ?? ''),
  };
}

/** Whether nothing was lost and everybody was served. */
export function isRedisDrillWhole(gone: RedisGone): boolean {
  const { undone: left, signInsRefused, lost, stream, followers, registrations, consumed, speeds } = gone;
  return (
    ![left, signInsRefused, lost, stream, followers].some(({ length }) => length) &&
    registrations.slice(0, registrationsAllowed).every((status) => status === 202) &&
    registrations.slice(registrationsAllowed).every((status) => status === 429) &&
    consumed &&
    speeds.every(isKept)
  );
}

function tell(gone: RedisGone, say: Say): void {
  say(`Redis killed, and back ${gone.comesBack}:`);
  for (const { what, before, during } of gone.speeds) {
    say(`  ${what}: before ${saidTimes(before)}; while it was away ${saidTimes(during)}`);
  }
  say(
    `  ${gone.undone.length} kinds of requests refused, ${gone.signInsRefused.length} sign-ins refused, ${gone.lost.length} changes lost, ` +
      `${gone.stream.length} facts missing or out of order; followers were told ${gone.toldMeanwhile} changes meanwhile, ` +
      `${gone.followers.length} of them with a gap; registrations ${gone.registrations.join(' ')}; ` +
      `message of another context ${gone.consumed ? 'taken in' : 'NOT taken in'}; caught up ${(gone.caughtUpMs / 1000).toFixed(1)} s after`,
  );
  for (const line of [gone.undone, gone.signInsRefused, gone.lost, gone.stream, gone.followers].flat().slice(0, 20))
    say(`  ${line}`);
}

/**
 * Redis goes away under customers who read, write, sign in and follow: once it comes back as it was, once empty.
 *
 * @param seconds  how long it is away each time
 */
export async function redisGone(stack: Stack, seconds: number, say: Say): Promise<RedisGone[]> {
  const found: RedisGone[] = [];
  for (const comesBack of ['with its data', 'empty'] as const) {
    const environment = {
      ...stack.environment('all'),
      REGISTRATIONS_PER_HOUR: String(registrationsAllowed),
      REGISTRATION_TIME_MS: '0',
    };
    const one = await withService(environment, (service) => outage(stack, service, { comesBack, seconds }));
    tell(one, say);
    found.push(one);
  }
  return found;
}
