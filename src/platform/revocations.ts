import pg from 'pg';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** What of a token decides whether it is revoked. */
export interface Revocable {
  readonly issuer: string;
  readonly subject: string;
  readonly sid?: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
}

/** Tokens that are refused although they have not expired, as this replica knows them. */
export interface Revocations {
  /** Whether what is known is fresh. If not, no token counts. */
  trusted(): boolean;
  isRevoked(token: Revocable): boolean;
  /** Calls the listener after every revocation, and when the list is no longer to be trusted. Ends by what it returns. */
  onRevoked(listener: () => void): () => void;
  stop(): Promise<void>;
}

interface Row {
  readonly id: string;
  readonly issuer: string;
  readonly sid: string | null;
  readonly subject: string | null;
  readonly before: number | null;
  readonly expires: number;
}

/** What a read found, and the oldest transaction that was still open then: whatever is written later is its or a younger one's. */
type Found = (Row | { readonly id: null }) & { readonly horizon: string };

const reading = (which: string): string => `
  select pg_snapshot_xmin(pg_current_snapshot())::text as horizon, id, issuer, sid, subject,
    extract(epoch from issued_before)::float8 as before, extract(epoch from expires_at)::float8 as expires
  from (values (1)) one left join revocation on ${which}`;
const everything = { text: reading('expires_at > now()') };
// Not by time: a transaction may take as long as it likes, and what it wrote then bears the time of its beginning.
const since = { name: 'revocations_since', text: reading('written_by >= $1::text::xid8') };

const readAgainMs = 1_000;
const blindMs = 10_000;

/** What is revoked, by session and by subject. */
class Known {
  readonly #sessions = new Map<string, number>();
  readonly #subjects = new Map<string, { before: number; expires: number }>();
  readonly #seen = new Map<string, number>();

  /** Whether there was something new. */
  take(rows: readonly Row[]): boolean {
    const fresh = rows.filter(({ id }) => !this.#seen.has(id));
    for (const row of fresh) {
      this.#seen.set(row.id, row.expires);
      if (row.sid !== null) this.#sessions.set(keyOf(row.issuer, row.sid), row.expires);
      if (row.subject === null || row.before === null) continue;
      const key = keyOf(row.issuer, row.subject);
      const had = this.#subjects.get(key);
      const before = Math.max(row.before, had?.before ?? 0);
      this.#subjects.set(key, { before, expires: Math.max(row.expires, had?.expires ?? 0) });
    }
    return fresh.length > 0;
  }

  has({ issuer, subject, sid, issuedAt }: Revocable): boolean {
    if (sid !== undefined && this.#sessions.has(keyOf(issuer, sid))) return true;
    const cut = this.#subjects.get(keyOf(issuer, subject));
    // `iat` has whole seconds: a token of the same second may be older than the cut.
    return cut !== undefined && issuedAt < cut.before;
  }

  /** Drops what no token can outlive. */
  sweep(now: number): void {
    for (const [key, expires] of this.#sessions) if (expires < now) this.#sessions.delete(key);
    for (const [key, { expires }] of this.#subjects) if (expires < now) this.#subjects.delete(key);
    for (const [id, expires] of this.#seen) if (expires < now) this.#seen.delete(id);
  }
}

const keyOf = (issuer: string, id: string): string => `${issuer}\0${id}`;

async function connected(url: string, onNotice: () => void, onEnd: () => void): Promise<pg.Client> {
  const limits = { connectionTimeoutMillis: 3_000, query_timeout: 3_000, statement_timeout: 3_000, keepAlive: true };
  const client = new pg.Client({ connectionString: url, application_name: 'customer-revocations', ...limits });
  client.on('error', onEnd);
  client.on('end', onEnd);
  client.on('notification', onNotice);
  try {
    await client.connect();
    await client.query('listen revocation');
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
  return client;
}

/** Reads and listens on a connection of its own, without the pool that requests may exhaust. */
class Watch implements Revocations {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #known = new Known();
  readonly #listeners = new Set<() => void>();
  #client: pg.Client | undefined;
  #reading: Promise<void> | undefined;
  #again = false;
  /** From which transaction on there may be something new; without one, everything may be. */
  #horizon: string | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #told = true;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(url: string, clock: Clock, log: Log) {
    this.#url = url;
    this.#clock = clock;
    this.#log = log;
  }

  async start(): Promise<void> {
    await this.#look();
    this.#timer = setInterval(() => void this.#tick(), readAgainMs).unref();
  }

  trusted(): boolean {
    return performance.now() - this.#readAt < blindMs;
  }

  isRevoked(token: Revocable): boolean {
    return this.#known.has(token);
  }

  onRevoked(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#reading;
    await this.#client?.end().catch(() => undefined);
  }

  async #tick(): Promise<void> {
    this.#known.sweep(this.#clock.now().getTime() / 1000);
    const trusted = this.trusted();
    if (!trusted && this.#told) this.#tell();
    this.#told = trusted;
    await this.#look();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #look(): Promise<void> {
    this.#again = this.#reading !== undefined;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
      if (this.#again && !this.#stopped) void this.#look();
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    if (this.#stopped) return;
    try {
      this.#client ??= await connected(
        this.#url,
        () => void this.#look(),
        () => this.#lost(),
      );
      const began = performance.now();
      const from = this.#horizon;
      const { rows } = await this.#client.query<Found>(from ? { ...since, values: [from] } : everything);
      this.#horizon = rows[0]?.horizon;
      this.#readAt = began;
      if (this.#known.take(rows.filter((row) => row.id !== null))) this.#tell();
    } catch (error) {
      this.#lost();
      this.#log.warn({ err: error }, 'revocations cannot be read');
    }
  }

  #lost(): void {
    const client = this.#client;
    this.#client = undefined;
    this.#horizon = undefined;
    if (client) void client.end().catch(() => undefined);
  }
}

/** Starts to follow the revocations. What the database holds is known when this returns, unless it does not answer. */
export async function watchRevocations(url: string, clock: Clock, log: Log): Promise<Revocations> {
  const watch = new Watch(url, clock, log);
  await watch.start();
  return watch;
}
