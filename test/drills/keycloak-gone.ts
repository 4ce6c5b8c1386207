import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
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
import { saidTimes } from '../support/figures.ts';
import { askGraph } from '../support/graph-client.ts';
import { Load } from '../support/load.ts';
import { until } from '../support/patience.ts';
import { makePeople, tokensFor } from '../support/people.ts';
import {
  graphRegistration,
  leftOf,
  notRegisteredAfterwards,
  postRegistration,
} from '../support/refused-registrations.ts';
import type { RunningService } from '../support/running-service.ts';
import { fieldsThatDiffer } from '../support/seen-customers.ts';

/** How it goes away: frozen in the middle of everything, or killed. */
type How = 'hung' | 'stopped';

/** Somebody who needs Keycloak while it is away, and what she was told. */
export interface Refusal {
  readonly what: string;
  readonly status: number;
  readonly retryAfter: number | undefined;
  readonly milliseconds: number;
}

/** How a browser's session went on. */
export type Afterwards = 'refreshed' | 'asked once more without a page' | 'signed out';

/** What one outage of Keycloak did. Every list is empty when nothing was lost. */
export interface KeycloakGone {
  readonly how: How;
  readonly seconds: number;
  readonly speeds: readonly Speed[];
  /** Requests of those who are signed in that were not done. */
  readonly undone: readonly string[];
  readonly refusals: readonly Refusal[];
  /** What is there of registrations that were refused, one side without the other. */
  readonly halfMade: readonly string[];
  /** Users whom Keycloak made all the same, after our patience had ended; our side has them too. */
  readonly madeLate: number;
  /** Addresses that were refused and could not be registered afterwards. */
  readonly notRegistered: readonly string[];
  readonly sessions: readonly Afterwards[];
  readonly lost: readonly string[];
  /** Customers whose name did not reach Keycloak. */
  readonly drift: readonly string[];
  /** From its return until somebody signs in anew, and until it has every name that was changed meanwhile. */
  readonly signInAfterMs: number;
  readonly toldAfterMs: number;
}

const patienceMs = 120_000;

async function timed(
  what: string,
  ask: () => Promise<{ status: number; retryAfter: number | undefined }>,
): Promise<Refusal> {
  const began = performance.now();
  const answer = await ask().catch(() => ({ status: 0, retryAfter: undefined }));
  return { what, ...answer, milliseconds: performance.now() - began };
}

interface Page {
  readonly status: number;
  readonly headers: Headers;
}

const told = ({ status, headers }: Page) => {
  const seconds = headers.get('retry-after');
  return { status, retryAfter: seconds === null ? undefined : Number(seconds) };
};

/** Everybody who needs Keycloak, all at the same time. */
function refusalsOf(
  stack: Stack,
  guests: readonly Guest[],
  atOurDoor: CookieBrowser,
  callback: string,
  emails: string[],
) {
  const { rest, keycloak } = stack.endpoints;
  const [byPage = '', byGraph = ''] = emails;
  const begin = new CookieBrowser(stack.endpoints);
  const atKeycloak = (url: string): boolean => url.startsWith(keycloak.url);
  return Promise.all([
    timed('a sign-in begins', async () => told(await begin.go(`${rest}/auth/login`, { stopAt: atKeycloak }))),
    timed('a sign-in ends', async () => told(await atOurDoor.go(callback))),
    ...guests.flatMap(({ browser }) =>
      browser ? [timed('a session is refreshed', async () => told(await browser.refresh()))] : [],
    ),
    timed('somebody registers on our page', async () => told(await postRegistration(stack, byPage))),
    timed('somebody registers by the graph', () => graphRegistration(stack, byGraph)),
  ]);
}

/** What our page does until it has a token that counts. */
export async function goesOn(stack: Stack, browser: CookieBrowser): Promise<Afterwards> {
  for (;;) {
    const { status, text } = await browser.refresh();
    if (status === 401) {
      const { silent } = JSON.parse(text) as { silent?: boolean };
      if (silent) await browser.silently();
    }
    if (status === 200 || status === 401) {
      const me = await askGraph(graphOf(stack), () => browser.headers(), '{ me { id } }');
      if (!browser.isSignedIn || !me.data['me']) return 'signed out';
      return status === 200 ? 'refreshed' : 'asked once more without a page';
    }
    await pause(250);
  }
}

async function driftOf(stack: Stack, { parts }: RunningService, guests: readonly Guest[]): Promise<string[]> {
  return fieldsThatDiffer(
    stack.endpoints,
    parts,
    guests.map(({ person }) => person.subject),
  );
}

async function signsIn(stack: Stack, { person }: Guest): Promise<boolean> {
  const browser = new CookieBrowser(stack.endpoints);
  return tokensFor(stack.endpoints, person)
    .then(() => browser.signIn(person))
    .then(
      () => browser.isSignedIn,
      () => false,
    );
}

async function takeAway(stack: Stack, how: How): Promise<() => Promise<void>> {
  const keycloak = partOf(stack, 'keycloak');
  await keycloak.kill(how === 'hung' ? 'SIGSTOP' : 'SIGKILL');
  return () => (how === 'hung' ? keycloak.kill('SIGCONT') : keycloak.start());
}

/** What follows once it is back. */
async function afterwards(stack: Stack, service: RunningService, guests: readonly Guest[], emails: readonly string[]) {
  const backAt = performance.now();
  const sessions: Afterwards[] = [];
  for (const { browser } of guests) if (browser) sessions.push(await goesOn(stack, browser));
  const [first] = guests as [Guest];
  await until('Somebody signs in', () => signsIn(stack, first), patienceMs);
  const signInAfterMs = performance.now() - backAt;
  const agree = async (): Promise<boolean> => !(await driftOf(stack, service, guests)).length;
  await until('Both sides agree', agree, patienceMs).catch(() => undefined);
  const toldAfterMs = performance.now() - backAt;
  const left = await leftOf(stack, service, emails);
  const notRegistered = await notRegisteredAfterwards(stack, emails);
  return { sessions, signInAfterMs, toldAfterMs, ...left, notRegistered, drift: await driftOf(stack, service, guests) };
}

async function outage(stack: Stack, service: RunningService, how: How, seconds: number): Promise<KeycloakGone> {
  const guests = await signedInGuests(stack, 4);
  const [late] = await makePeople(stack.endpoints, 1);
  if (!late) throw new Error('Nobody was made.');
  const atOurDoor = new CookieBrowser(stack.endpoints);
  const emails = [`${randomUUID()}@example.org`, `${randomUUID()}@example.org`];
  const load = new Load(
    graphOf(stack),
    guests.map(({ busy }) => busy),
  );
  await enough(load.samples, 240);
  const { url: callback } = await atOurDoor.signIn(late, (to) => to.includes('/auth/callback'));
  const bringBack = await takeAway(stack, how);
  const goneAt = performance.now();
  const refusals = await refusalsOf(stack, guests, atOurDoor, callback, emails);
  await pause(Math.max(0, goneAt + seconds * 1000 - performance.now()));
  const away = load.between(goneAt, performance.now());
  await bringBack();
  await enough(load.samples, 40);
  await load.stop();
  return {
    how,
    seconds,
    speeds: speedsOf(load.between(0, goneAt), away),
    undone: undone(load.between(goneAt, Infinity)),
    refusals,
    lost: await load.lost(service.parts),
    ...(await afterwards(stack, service, guests, emails)),
  };
}

/** Longest that a refusal may take: the timeout of a call, and what our own work takes. */
export const longestRefusalMs = 4500;

/** Refusals that were not what they should be. */
export const wrongRefusals = ({ refusals }: KeycloakGone): Refusal[] =>
  refusals.filter(
    ({ status, retryAfter, milliseconds }) => status !== 503 || !retryAfter || milliseconds > longestRefusalMs,
  );

/** Whether whoever was signed in stayed, whoever was not was told so, and all went on. */
export function isKeycloakDrillWhole(gone: KeycloakGone): boolean {
  const { undone: left, halfMade, notRegistered, lost, drift, sessions, speeds } = gone;
  return (
    ![left, halfMade, notRegistered, lost, drift, wrongRefusals(gone)].some(({ length }) => length) &&
    !sessions.includes('signed out') &&
    speeds.every(isKept)
  );
}

function tell(gone: KeycloakGone, say: Say): void {
  say(`Keycloak ${gone.how} for ${gone.seconds} s:`);
  for (const { what, before, during } of gone.speeds) {
    say(`  ${what}: before ${saidTimes(before)}; while it was away ${saidTimes(during)}`);
  }
  for (const { what, status, retryAfter, milliseconds } of gone.refusals) {
    say(`  ${what}: HTTP ${status}, Retry-After ${retryAfter ?? 'missing'}, in ${milliseconds.toFixed(0)} ms`);
  }
  say(
    `  ${gone.undone.length} kinds of requests refused, ${gone.lost.length} changes lost, ${gone.drift.length} names differ; sessions: ${gone.sessions.join(', ')}; ` +
      `registrations half made ${gone.halfMade.length}, made late ${gone.madeLate}, not possible afterwards ${gone.notRegistered.length}; ` +
      `signed in anew after ${(gone.signInAfterMs / 1000).toFixed(1)} s, every name told after ${(gone.toldAfterMs / 1000).toFixed(1)} s`,
  );
  for (const line of [gone.undone, gone.halfMade, gone.notRegistered, gone.lost, gone.drift].flat().slice(0, 20))
    say(`  ${line}`);
}

/** Keycloak goes away under customers who read and write. */
export async function keycloakGone(
  stack: Stack,
  { hung, stopped }: Readonly<Record<How, number>>,
  say: Say,
): Promise<KeycloakGone[]> {
  const environment = { ...stack.environment('all'), REGISTRATION_TIME_MS: '0', REGISTRATIONS_PER_HOUR: '1000' };
  const found: KeycloakGone[] = [];
  for (const [how, seconds] of [
    ['hung', hung],
    ['stopped', stopped],
  ] as const) {
    const one = await withService(environment, (service) => outage(stack, service, how, seconds));
    tell(one, say);
    found.push(one);
  }
  return found;
}
