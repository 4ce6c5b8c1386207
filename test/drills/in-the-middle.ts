import { setTimeout as pause } from 'node:timers/promises';
import type { CookieBrowser } from '../support/cookie-browser.ts';
import type { Person } from '../support/people.ts';

/** How somebody fared whose sign-in had begun when Keycloak, or a node of it, went away. */
export interface InTheMiddle {
  readonly how: 'went on' | 'started anew' | 'never came in';
  readonly tries: number;
  readonly milliseconds: number;
  /** What she was shown meanwhile. */
  readonly shown: readonly string[];
}

/** The specification's time for a part that is lost. */
const patienceMs = 30_000;

const looksBroken = /Exception|\bat (org|io|java)\.|stack trace/;
const wordsOf = (text: string): string =>
  text
    .replaceAll(/<(script|style|head)[\s\S]*?<\/\1>/g, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 160);

/** She sends the form that she was shown, as often as it takes; and begins anew where its page says so. */
export async function goesOn(browser: CookieBrowser, form: string, person: Person): Promise<InTheMiddle> {
  const began = performance.now();
  const shown: string[] = [];
  let [how, next] = ['went on' as InTheMiddle['how'], form];
  for (let tries = 1; performance.now() - began < patienceMs; tries += 1) {
    const page = await browser.finish(next, person).catch(() => undefined);
    const milliseconds = performance.now() - began;
    if (browser.isSignedIn) return { how, tries, milliseconds, shown };
    shown.push(page ? `HTTP ${page.status}: ${wordsOf(page.text)}` : 'nothing');
    if (page && page.status < 500) {
      how = 'started anew';
      next = await browser.begin().catch(() => form);
    }
    await pause(500);
  }
  return { how: 'never came in', tries: shown.length, milliseconds: performance.now() - began, shown };
}

/** Whether she came in, and was shown sentences instead of what only we understand. */
export function isTold({ how, shown }: InTheMiddle): boolean {
  return how !== 'never came in' && !shown.some((text) => looksBroken.test(text));
}

/** The same, for people. */
export function toldOf({ how, tries, milliseconds, shown }: InTheMiddle): string[] {
  const first = `in the middle of a sign-in: ${how} at try ${tries}, after ${(milliseconds / 1000).toFixed(1)} s`;
  return [first, ...[...new Set(shown)].map((text) => `  shown: ${text}`)];
}
