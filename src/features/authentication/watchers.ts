import { RateLimited } from '../../domain/errors.ts';

/** Who listens to revocations, by caller: one that opens streams and forgets them would have each of them served. */
export class Watchers {
  readonly #open = new Map<string, number>();
  readonly #most: number;

  /** @param most  streams of one caller in this process */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Counts a stream of a caller.
   *
   * @returns to be called when it is over
   * @throws RateLimited for one too many
   */
  enter(caller: string): () => void {
    const count = this.#open.get(caller) ?? 0;
    if (count >= this.#most) throw new RateLimited(10);
    this.#open.set(caller, count + 1);
    return () => {
      const left = (this.#open.get(caller) ?? 1) - 1;
      if (left) this.#open.set(caller, left);
      else this.#open.delete(caller);
    };
  }
}
