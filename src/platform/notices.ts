import pg from 'pg';
import type { Log } from './log.ts';

/** What the database tells on a channel, heard on a connection of its own. */
export interface Notices {
  /** Whether everything that was committed a second ago has been heard. */
  fresh(): boolean;
  stop(): Promise<void>;
}

/** What to do with what is heard. */
export interface Listener {
  hear(text: string): void;
  /** Something may have been told meanwhile that nobody heard. */
  missed(): void;
}

const beatMs = 300;
const freshMs = 1000;

/** Asks the connection again and again: an answer means that whatever was told before the question has come. */
class Ear implements Notices {
  readonly #url: string;
  readonly #channel: string;
  readonly #listener: Listener;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #client: pg.Client | undefined;
  #beating: Promise<void> | undefined;
  #heardUntil = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(url: string, channel: string, listener: Listener, log: Log) {
    this.#url = url;
    this.#channel = channel;
    this.#listener = listener;
    this.#log = log;
    this.#timer = setInterval(() => void this.beat(), beatMs).unref();
  }

  fresh(): boolean {
    return performance.now() - this.#heardUntil < freshMs;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#beating;
    await this.#client?.end().catch(() => undefined);
  }

  beat(): Promise<void> {
    this.#beating ??= this.#ask().finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  async #ask(): Promise<void> {
    if (this.#stopped) return;
    try {
      this.#client ??= await this.#connected();
      const began = performance.now();
      await this.#client.query('select 1');
      this.#heardUntil = began;
    } catch (error) {
      this.#lost(this.#client);
      this.#log.warn({ err: error, channel: this.#channel }, 'notices of the database cannot be heard');
    }
  }

  async #connected(): Promise<pg.Client> {
    const limits = { connectionTimeoutMillis: 3_000, query_timeout: 2_000, statement_timeout: 2_000, keepAlive: true };
    const client = new pg.Client({ connectionString: this.#url, application_name: 'customer-notices', ...limits });
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    client.on('notification', ({ payload = '' }) => this.#listener.hear(payload));
    try {
      await client.connect();
      await client.query(`listen ${client.escapeIdentifier(this.#channel)}`);
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
    this.#listener.missed();
    return client;
  }

  #lost(client: pg.Client | undefined): void {
    if (!client || client !== this.#client) return;
    this.#client = undefined;
    this.#heardUntil = Number.NEGATIVE_INFINITY;
    void client.end().catch(() => undefined);
  }
}

/** Starts to listen. Without a database it returns all the same, and tries again. */
export async function hearNotices(url: string, channel: string, listener: Listener, log: Log): Promise<Notices> {
  const ear = new Ear(url, channel, listener, log);
  await ear.beat();
  return ear;
}
