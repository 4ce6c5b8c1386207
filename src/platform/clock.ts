/** The only source of the present moment, so that tests can move it. */
export interface Clock {
  /** Now, in milliseconds precision. */
  now(): Date;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => new Date() };
