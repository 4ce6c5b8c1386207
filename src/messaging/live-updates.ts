import type { Redis } from 'ioredis';
import type pg from 'pg';
import type { Log } from '../platform/log.ts';

/** Says that a customer has facts up to this one. A hint to read again, never the change itself. */
export interface LiveUpdate {
  readonly customerId: string;
  readonly sequence: number;
}

/** Tells who listens that a customer changed; one subscription a channel and process, however many listen. */
export interface LiveUpdates {
  /**
   * Hears of one customer from now on, until `signal`. A slow reader gets the newest only. Redis may lose messages: a
   * second look into the database every two seconds makes up for them.
   */
  subscribe(customerId: string, signal: AbortSignal): AsyncIterable<LiveUpdate>;
  stop(): Promise<void>;
}

interface Listener {
  newest: number;
  wake: () => void;
}

/** The channel of one customer (contracts: events). */
export const channelOf = (customerId: string): string => `customers.live.${customerId}`;

const sequences = {
  name: 'live_sequences',
  text: 'select id, sequence from customer where id = any($1::uuid[])',
};
const lookAgainMs = 2000;

function sequenceIn(message: string): number {
  try {
    const { sequence } = JSON.parse(message) as { sequence?: unknown };
    return typeof sequence === 'number' ? sequence : 0;
  } catch {
    return 0;
  }
}

const nothing = (): undefined => undefined;

/** Who listens to whom. */
class Audience {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  get customers(): string[] {
    return [...this.#listeners.keys()];
  }

  tell(customerId: string, sequence: number): void {
    for (const listener of this.#listeners.get(customerId) ?? []) {
      if (sequence <= listener.newest) continue;
      listener.newest = sequence;
      listener.wake();
    }
  }

  // The client subscribes again by itself only to what Redis had confirmed, not to what was asked for while it was away.
  subscribeAgain(): void {
    const channels = this.customers.map(channelOf);
    if (channels.length) void this.#redis.subscribe(...channels).catch(nothing);
  }

  // While Redis is away the second look fills the gap.
  add(customerId: string, listener: Listener): void {
    const all = this.#listeners.get(customerId) ?? new Set();
    if (!all.size) void this.#redis.subscribe(channelOf(customerId)).catch(nothing);
    this.#listeners.set(customerId, all.add(listener));
  }

  remove(customerId: string, listener: Listener): void {
    const all = this.#listeners.get(customerId);
    all?.delete(listener);
    if (all?.size) return;
    this.#listeners.delete(customerId);
    void this.#redis.unsubscribe(channelOf(customerId)).catch(nothing);
  }
}

/** @param redis  a connection of its own: one that subscribes can do nothing else */
export function createLiveUpdates(redis: Redis, pool: pg.Pool, log: Log): LiveUpdates {
  const audience = new Audience(redis);
  const lookAgain = async (): Promise<void> => {
    const values = [audience.customers];
    if (!values[0]?.length) return;
    const { rows } = await pool.query<{ id: string; sequence: number }>({ ...sequences, values });
    for (const { id, sequence } of rows) audience.tell(id, sequence);
  };
  const look = (): void =>
    void lookAgain().catch((error: unknown) => log.warn({ err: error }, 'live updates wait for the database'));
  const timer = setInterval(look, lookAgainMs).unref();
  redis.on('message', (channel, message) => audience.tell(channel.slice(channelOf('').length), sequenceIn(message)));
  // What was published while the connection was away is lost; the database knows.
  redis.on('ready', () => {
    audience.subscribeAgain();
    look();
  });
  return {
    subscribe(customerId, signal) {
      const listener: Listener = { newest: 0, wake: nothing };
      // At once, not at the first read: a change between the two would be missed.
      if (!signal.aborted) audience.add(customerId, listener);
      const leave = (): void => {
        audience.remove(customerId, listener);
        listener.wake();
      };
      signal.addEventListener('abort', leave, { once: true });
      return follow(customerId, listener, signal);
    },
    async stop() {
      clearInterval(timer);
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}

async function* follow(customerId: string, listener: Listener, signal: AbortSignal): AsyncGenerator<LiveUpdate, void> {
  for (let told = 0; ;) {
    if (signal.aborted) return;
    if (listener.newest > told) {
      told = listener.newest;
      yield { customerId, sequence: told };
    } else {
      await new Promise<void>((resolve) => (listener.wake = resolve));
    }
  }
}
