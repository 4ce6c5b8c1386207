import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import type { Identity } from '../../domain/access.ts';
import type { AccountStatus } from '../../domain/account-status.ts';
import type { Log } from '../../platform/log.ts';
import { hearNotices, type Notices } from '../../platform/notices.ts';

/** What of an account decides whether its owner's token counts. */
export interface AccountState {
  readonly customerId: string;
  readonly status: AccountStatus;
  readonly emailVerified: boolean;
}

/** A second net: whatever is not told is read again after so long. */
const rememberedMs = 30_000;
/** Longer than a statement may run. */
const readingMs = 30_000;

const statement = {
  name: 'account-states',
  text: `select w.at::int as at, c.id as "customerId", c.status, c.email_verified as "emailVerified"
    from unnest($1::text[], $2::text[]) with ordinality w(issuer, subject, at)
    join identity_link l on l.issuer = w.issuer and l.subject = w.subject join customer c on c.id = l.customer_id`,
};

type Row = AccountState & { readonly at: number };

const keyOf = ({ issuer, subject }: Identity): string => `${issuer}\0${subject}`;

/**
 * The accounts of those whose tokens are asked about: read in batches, and remembered until the database tells that they
 * have changed. While it may have told something that was not heard, nothing remembered counts.
 */
export class AccountStates {
  readonly #known = new LRUCache<string, AccountState>({ max: 50_000, ttl: rememberedMs });
  readonly #keysOf = new LRUCache<string, Set<string>>({ max: 50_000 });
  /** When an account was told to have changed: what was read before may be older. */
  readonly #changed = new LRUCache<string, number>({ max: 50_000, ttl: readingMs });
  readonly #loader: DataLoader<Identity, AccountState | undefined, string>;
  #notices: Notices | undefined;
  #missedAt = 0;

  private constructor(pool: pg.Pool) {
    this.#loader = new DataLoader((identities) => this.#read(pool, identities), {
      cache: false,
      maxBatchSize: 500,
      // What comes in the same turn goes together.
      batchScheduleFn: (read) => setImmediate(read),
    });
  }

  /** @param url  of the same database, for a connection that listens */
  static async open(pool: pg.Pool, url: string, log: Log): Promise<AccountStates> {
    const states = new AccountStates(pool);
    const listener = { hear: (id: string) => states.#forget(id), missed: () => states.#forgetAll() };
    states.#notices = await hearNotices(url, 'account', listener, log);
    return states;
  }

  async stop(): Promise<void> {
    await this.#notices?.stop();
  }

  /** The state of whoever is linked; undefined for anybody else, who is looked for each time. */
  of(identity: Identity): AccountState | undefined | Promise<AccountState | undefined> {
    const known = this.#notices?.fresh() ? this.#known.get(keyOf(identity)) : undefined;
    return known ?? this.#loader.load(identity);
  }

  #forget(customerId: string): void {
    this.#changed.set(customerId, performance.now());
    for (const key of this.#keysOf.get(customerId) ?? []) this.#known.delete(key);
    this.#keysOf.delete(customerId);
  }

  #forgetAll(): void {
    this.#missedAt = performance.now();
    this.#known.clear();
    this.#keysOf.clear();
  }

  #remember(key: string, state: AccountState, began: number): void {
    const { customerId } = state;
    if (began <= this.#missedAt || began <= (this.#changed.get(customerId) ?? Number.NEGATIVE_INFINITY)) return;
    this.#known.set(key, state);
    this.#keysOf.set(customerId, (this.#keysOf.get(customerId) ?? new Set<string>()).add(key));
  }

  async #read(pool: pg.Pool, identities: readonly Identity[]): Promise<(AccountState | undefined)[]> {
    const values = [identities.map(({ issuer }) => issuer), identities.map(({ subject }) => subject)];
    const began = performance.now();
    const { rows } = await pool.query<Row>({ ...statement, values });
    const found = new Map(rows.map(({ at, ...state }) => [at - 1, state]));
    return identities.map((identity, at) => {
      const state = found.get(at);
      if (state) this.#remember(keyOf(identity), state, began);
      return state;
    });
  }
}
