import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import type { Identity } from '../../domain/access.ts';
import type { AccountStatus } from '../../domain/account-status.ts';

/** What of an account decides whether its owner's token counts. */
export interface AccountState {
  readonly customerId: string;
  readonly status: AccountStatus;
  readonly emailVerified: boolean;
}

/**
 * How old a remembered state may be. Half of the second after which a change must count on every replica, so that no
 * message has to arrive for it, and what is asked ten thousand times a second is read twice.
 */
const freshMs = 500;

const statement = {
  name: 'account-states',
  text: `select w.at::int as at, c.id as "customerId", c.status, c.email_verified as "emailVerified"
    from unnest($1::text[], $2::text[]) with ordinality w(issuer, subject, at)
    join identity_link l on l.issuer = w.issuer and l.subject = w.subject join customer c on c.id = l.customer_id`,
};

type Row = AccountState & { readonly at: number };

/** The accounts of those whose tokens are asked about, remembered for {@link freshMs} and read in batches. */
export class AccountStates {
  readonly #known = new LRUCache<string, AccountState>({ max: 50_000, ttl: freshMs, ttlResolution: 0 });
  readonly #loader: DataLoader<Identity, AccountState | undefined, string>;

  constructor(pool: pg.Pool) {
    this.#loader = new DataLoader((identities) => this.#read(pool, identities), {
      cache: false,
      maxBatchSize: 500,
      // What comes while a read is under way goes with the next one.
      batchScheduleFn: (read) => setImmediate(read),
    });
  }

  /** The state of whoever is linked; undefined for anybody else, who is looked for each time. */
  of(identity: Identity): AccountState | undefined | Promise<AccountState | undefined> {
    return this.#known.get(keyOf(identity)) ?? this.#loader.load(identity);
  }

  async #read(pool: pg.Pool, identities: readonly Identity[]): Promise<(AccountState | undefined)[]> {
    const values = [identities.map(({ issuer }) => issuer), identities.map(({ subject }) => subject)];
    // It is as old as the moment it was asked for.
    const start = performance.now();
    const { rows } = await pool.query<Row>({ ...statement, values });
    const found = new Map(rows.map(({ at, ...state }) => [at - 1, state]));
    return identities.map((identity, at) => {
      const state = found.get(at);
      if (state) this.#known.set(keyOf(identity), state, { start });
      return state;
    });
  }
}

const keyOf = ({ issuer, subject }: Identity): string => `${issuer}\0${subject}`;
