import { setTimeout as pause } from 'node:timers/promises';
import type { Stack } from '../../local/stack.ts';
import { CookieBrowser } from '../support/cookie-browser.ts';
import {
  enough,
  graphOf,
  isKept,
  partOf,
  type Say,
  signedInGuests,
  type Speed,
  speedsOf,
  withService,
} from '../support/drill-world.ts';
import { saidTimes } from '../support/figures.ts';
import { Load } from '../support/load.ts';
import { makePeople } from '../support/people.ts';
import { goesOn as comesIn, type InTheMiddle, isTold, toldOf } from './in-the-middle.ts';
import { type Afterwards, goesOn } from './keycloak-gone.ts';

/** What a hung Keycloak did to those who refresh, and a restart to somebody in the middle of a sign-in. */
export interface KeycloakHung {
  readonly seconds: number;
  /** Of those who read and change meanwhile. */
  readonly speeds: readonly Speed[];
  /** How many refreshes were answered with which status. */
  readonly refreshes: Readonly<Record<string, number>>;
  readonly sessions: readonly Afterwards[];
  readonly inTheMiddle: InTheMiddle;
}

const peopleCount = 10;
const restMs = 1000;

/** Sessions of ten people, one after the other: Keycloak refuses two sign-ins of one customer at once. */
async function manySessions(stack: Stack, count: number): Promise<CookieBrowser[]> {
  const people = await makePeople(stack.endpoints, peopleCount);
  const browsers: CookieBrowser[] = [];
  for (let n = 0; n < count; n += 1) {
    const browser = new CookieBrowser(stack.endpoints);
    const person = people[n % people.length];
    if (person) await browser.signIn(person);
    if (!browser.isSignedIn) throw new Error('A customer could not sign in.');
    browsers.push(browser);
  }
  return browsers;
}

/** Everybody refreshes again and again, as pages that need a token do. */
async function refreshing(browsers: readonly CookieBrowser[], untilMs: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const loop = async (browser: CookieBrowser): Promise<void> => {
    while (performance.now() < untilMs) {
      const { status } = await browser.refresh();
      counts[`HTTP ${status}`] = (counts[`HTTP ${status}`] ?? 0) + 1;
      await pause(restMs);
    }
  };
  await Promise.all(browsers.map(loop));
  return counts;
}

async function hang(stack: Stack, seconds: number, count: number): Promise<Omit<KeycloakHung, 'inTheMiddle'>> {
  const guests = await signedInGuests(stack, 4);
  const browsers = await manySessions(stack, count);
  const busy = guests.map((guest) => guest.busy);
  const load = new Load(graphOf(stack), busy);
  await enough(load.samples, 120);
  const keycloak = partOf(stack, 'keycloak');
  const goneAt = performance.now();
  await keycloak.kill('SIGSTOP');
  let refreshes: KeycloakHung['refreshes'];
  try {
    refreshes = await refreshing(browsers, goneAt + seconds * 1000);
  } finally {
    await keycloak.kill('SIGCONT');
  }
  const backAt = performance.now();
  await load.stop();
  const sessions: Afterwards[] = [];
  for (const browser of browsers) sessions.push(await goesOn(stack, browser));
  const speeds = speedsOf(load.between(0, goneAt), load.between(goneAt, backAt));
  return { seconds, speeds, refreshes, sessions };
}

/** Keycloak is killed and started while somebody looks at its page. */
async function restart(stack: Stack): Promise<InTheMiddle> {
  const [person] = await makePeople(stack.endpoints, 1);
  if (!person) throw new Error('Nobody was made.');
  const browser = new CookieBrowser(stack.endpoints);
  const form = await browser.begin();
  const keycloak = partOf(stack, 'keycloak');
  await keycloak.kill('SIGKILL');
  await keycloak.start();
  return comesIn(browser, form, person);
}

/** Whether reads were as fast as ever, nobody was signed out, and whoever was in the middle came in. */
export function isHungDrillWhole({ speeds, sessions, inTheMiddle }: KeycloakHung): boolean {
  const isRead = speeds.length === 4 && speeds.every(isKept);
  return isRead && !sessions.includes('signed out') && isTold(inTheMiddle);
}

function tell({ seconds, speeds, refreshes, sessions, inTheMiddle }: KeycloakHung, say: Say): void {
  say(`Keycloak hung for ${seconds} s while ${sessions.length} sessions refreshed:`);
  for (const { what, before, during } of speeds)
    say(`  ${what}: before ${saidTimes(before)}; meanwhile ${saidTimes(during)}`);
  const answered = Object.entries(refreshes).map(([status, count]) => `${count} with ${status}`);
  say(`  refreshes meanwhile: ${answered.join(', ')}`);
  const ends = Map.groupBy(sessions, (how) => how);
  say(`  afterwards: ${[...ends].map(([how, all]) => `${all.length} ${how}`).join(', ')}`);
  say('Keycloak killed and started:');
  for (const line of toldOf(inTheMiddle)) say(`  ${line}`);
}

/** Keycloak hangs while many refresh; then it restarts in the middle of a sign-in. */
export async function keycloakHung(
  stack: Stack,
  { seconds, count }: { readonly seconds: number; readonly count: number },
  say: Say,
): Promise<KeycloakHung> {
  return withService(stack.environment('all'), async () => {
    const found = { ...(await hang(stack, seconds, count)), inTheMiddle: await restart(stack) };
    tell(found, say);
    return found;
  });
}
