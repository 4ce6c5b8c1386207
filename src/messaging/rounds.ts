import { setTimeout as pause } from 'node:timers/promises';

/** How work is repeated. */
export interface Pace {
  /** Wait after a round that found nothing to do. */
  readonly idleMs: number;
  /** Wait after a round that failed. */
  readonly troubleMs: number;
  /** Hears of a round that failed. */
  readonly trouble: (error: unknown) => void;
}

/** Work that goes on until it is stopped. */
export interface Rounds {
  /** Ends it after the round that is under way. */
  stop(): Promise<void>;
}

/**
 * Does rounds of work one after the other: at once again after one that did something.
 *
 * @param round  returns how much it did
 */
export function repeat(round: () => Promise<number>, { idleMs, troubleMs, trouble }: Pace): Rounds {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      let wait = idleMs;
      try {
        if (await round()) wait = 0;
      } catch (error) {
        trouble(error);
        wait = troubleMs;
      }
      if (wait) await pause(wait, undefined, { signal }).catch(() => undefined);
    }
  };
  const running = loop();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
