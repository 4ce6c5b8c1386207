import { setTimeout as pause } from 'node:timers/promises';

const lookAgainMs = 100;

/**
 * Looks again and again until something is so.
 *
 * @param what  what is waited for, as a sentence of an error begins
 * @returns after how many milliseconds it was so
 * @throws when it is not so in time
 */
export async function until(what: string, isSo: () => Promise<boolean> | boolean, withinMs = 60_000): Promise<number> {
  const began = performance.now();
  while (!(await isSo())) {
    if (performance.now() - began > withinMs) throw new Error(`${what}: not within ${withinMs / 1000} s.`);
    await pause(lookAgainMs);
  }
  return performance.now() - began;
}

/** As {@link until}, but tells instead of throwing: whether it became so in time. */
export async function cameTrue(isSo: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  return until('', isSo, withinMs).then(
    () => true,
    () => false,
  );
}
