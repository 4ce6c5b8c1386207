import { isDeepStrictEqual } from 'node:util';

/** One thing that is not as described: what to print, without any secret, and how to put it right. */
export type Difference = { says: string; settle: () => Promise<unknown> };

/** Lists of words are sets: Keycloak returns them in any order. */
const sorted = (list: readonly unknown[]) => list.map((item) => JSON.stringify(item)).toSorted();

/** Whether everything wanted is there. Objects may hold more, lists may not. */
export function holds(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return wanted.length === 0 && actual === undefined
      ? true
      : Array.isArray(actual) && isDeepStrictEqual(sorted(actual), sorted(wanted));
  }
  if (wanted === null || typeof wanted !== 'object') return Object.is(actual, wanted);
  if (actual === null || typeof actual !== 'object') return false;
  return Object.entries(wanted).every(([key, value]) => holds((actual as Record<string, unknown>)[key], value));
}

/** The names that are wanted and absent, and those that are there and unwanted. */
export function compareNames(actual: readonly string[], wanted: readonly string[]) {
  return {
    absent: wanted.filter((name) => !actual.includes(name)),
    surplus: actual.filter((name) => !wanted.includes(name)),
  };
}

/** The keys of `wanted` whose values are not there. */
export function changedKeys(actual: object, wanted: object): string[] {
  const there = actual as Record<string, unknown>;
  return Object.entries(wanted).flatMap(([key, value]) => (holds(there[key], value) ? [] : [key]));
}
