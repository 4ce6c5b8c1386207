import { setTimeout as pause } from 'node:timers/promises';
import type { Endpoints } from '../../local/endpoints.ts';
import { CookieBrowser } from '../support/cookie-browser.ts';
import type { Person } from '../support/people.ts';

/** One try of one customer. */
export interface Try {
  readonly kind: 'sign-in' | 'refresh';
  /** Who; each customer does one thing after the other. */
  readonly who: number;
  /** When it ended, in milliseconds of `performance.now()`. */
  readonly at: number;
  /** Empty when it went well. */
  readonly wrong: string;
}

const restMs = 250;

/** What our page does until it has a token that counts; throws what went wrong. */
export async function refreshOnce(browser: CookieBrowser): Promise<void> {
  const { status, text } = await browser.refresh();
  if (status === 200) return;
  if (status !== 401) throw new Error(`HTTP ${status}`);
  const { silent } = JSON.parse(text) as { silent?: boolean };
  if (silent) await browser.silently();
  if (!browser.isSignedIn || !silent) throw new Error(`HTTP ${status}, ${silent ? 'after a silent round' : 'over'}`);
}

/** Customers who sign in again and again, and others who refresh their sessions. */
export class AuthTraffic {
  readonly tries: Try[] = [];
  /** Sessions that sign-ins have made. */
  readonly made: CookieBrowser[] = [];
  readonly #endpoints: Endpoints;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[] = [];

  constructor(endpoints: Endpoints, signingIn: readonly Person[], refreshing: readonly CookieBrowser[]) {
    this.#endpoints = endpoints;
    for (const person of signingIn) this.#begin('sign-in', () => this.#signIn(person));
    for (const browser of refreshing) this.#begin('refresh', () => refreshOnce(browser));
  }

  /** Ends it, after what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  /** Whether every customer has been served since. */
  isServedSince(from: number): boolean {
    const served = new Set(this.tries.filter(({ at, wrong }) => at > from && !wrong).map(({ who }) => who));
    return served.size === this.#loops.length;
  }

  /** The longest that one customer waited from one success to the next, of those that ended in a time, in milliseconds. */
  longestGap(kind: Try['kind'], from: number, to: number): number {
    const served = this.tries.filter((one) => one.kind === kind && !one.wrong);
    const gaps = [...Map.groupBy(served, ({ who }) => who).values()].flatMap((hers) =>
      hers.slice(1).map(({ at }, n) => (at >= from && at < to ? at - (hers[n]?.at ?? at) : 0)),
    );
    return Math.max(0, ...gaps);
  }

  /** How long from a moment until everybody has been served, in milliseconds. */
  servedAfter(from: number): number {
    const firsts = [...Map.groupBy(this.tries, ({ who }) => who).values()].map(
      (hers) => hers.find(({ at, wrong }) => at > from && !wrong)?.at ?? Infinity,
    );
    return Math.max(...firsts) - from;
  }

  /** What went wrong in a time, and how often. */
  errors(from: number, to: number): string[] {
    const wrong = this.tries.filter((one) => one.wrong && one.at >= from && one.at < to);
    const groups = Map.groupBy(wrong, (one) => `${one.kind}: ${one.wrong}`);
    return [...groups].map(([what, all]) => `${what}, ${all.length} times`);
  }

  #begin(kind: Try['kind'], once: () => Promise<void>): void {
    const who = this.#loops.length;
    const loop = async (): Promise<void> => {
      while (!this.#stopping.signal.aborted) {
        const wrong = await once().then(
          () => '',
          (error: unknown) => (error instanceof Error ? error.message : 'unknown'),
        );
        this.tries.push({ kind, who, at: performance.now(), wrong });
        await pause(restMs);
      }
    };
    this.#loops.push(loop());
  }

  async #signIn(person: Person): Promise<void> {
    const browser = new CookieBrowser(this.#endpoints);
    const { status } = await browser.signIn(person);
    if (!browser.isSignedIn) throw new Error(`HTTP ${status}`);
    this.made.push(browser);
  }
}
