import type { EntityManager } from '@mikro-orm/postgresql';
import type pg from 'pg';
import type { Actor } from './domain/access.ts';
import type { EmailIndex } from './domain/values/email.ts';
import type { LiveUpdates } from './messaging/live-updates.ts';
import type { TextMessages } from './messaging/text-messages.ts';
import type { Work } from './messaging/work.ts';
import type { Clock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import type { CustomerKeys } from './platform/keys.ts';
import type { KeyedHash } from './platform/keyed-hash.ts';
import type { Figures } from './platform/metrics.ts';
import type { KeycloakUsers } from './platform/keycloak.ts';
import type { KeycloakRows } from './platform/keycloak-rows.ts';
import type { Log } from './platform/log.ts';
import type { RateLimits } from './platform/rate-limits.ts';
import type { Seal } from './platform/personal-data.ts';
import type { CustomerReads } from './read-model/customers.ts';

/** What lives as long as the process: made once in `main.ts`, handed to every door. */
export interface Parts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** The ORM's own pg pool of the main database, for reads. Does not see an open transaction. */
  readonly pool: pg.Pool;
  /** Runs work in one transaction under the journal; see `messaging/journal.ts`. */
  readonly transactAs: <T>(act: Act, work: (em: EntityManager) => Promise<T>) => Promise<T>;
  readonly keys: CustomerKeys;
  readonly seal: Seal;
  readonly emailIndex: EmailIndex;
  /** Tells whether a user of Keycloak is as we saw her last. */
  readonly fingerprints: KeyedHash;
  readonly phoneIndex: KeyedHash;
  readonly keycloak: KeycloakUsers;
  /** Keycloak's users in its own database, where we may read them. */
  readonly keycloakRows?: KeycloakRows | undefined;
  readonly work: Work;
  /** Says which customers changed, to whoever follows them. */
  readonly live: LiveUpdates;
  readonly limits: RateLimits;
  /** Counts sign-ins and incidents. */
  readonly figures: Figures;
  readonly textMessages: TextMessages;
}

/** Who changes something, why, and in which request: what the audit says. */
export interface Act {
  readonly actor: Actor;
  readonly requestId: string;
  readonly reason?: string;
  /** The event or job that led here, for `causationid`. */
  readonly causationId?: string;
}

/** Where a request came from. */
export interface RequestInfo {
  readonly id: string;
  /** Address of the trusted hop, without IPv4-mapping. */
  readonly ip: string;
  readonly language: 'en' | 'de';
  readonly userAgent: string;
  /** Whether the router's credential came along (design, decision 24). */
  readonly router: boolean;
}

/** What a service function may ask for: the process's parts, and what belongs to this one request. */
export interface Ctx extends Parts {
  readonly actor: Actor;
  readonly request: RequestInfo;
  readonly transact: <T>(work: (em: EntityManager) => Promise<T>, reason?: string) => Promise<T>;
  /** The customer row that every door shows, batched and cached for this request and this viewer. */
  readonly customers: CustomerReads;
}
