import { randomUUID } from 'node:crypto';
import { graphql } from 'graphql';
import { decodeJwt } from 'jose';
import type { Ctx, Parts } from '../../src/context.ts';
import { type Actor, nobody } from '../../src/domain/access.ts';
import type { AccountStatus } from '../../src/domain/account-status.ts';
import { parseEmail } from '../../src/domain/values/email.ts';
import type { CustomerAccount } from '../../src/domain/customer-account.ts';
import { Unavailable } from '../../src/domain/errors.ts';
import { forUpdate } from '../../src/messaging/for-update.ts';
import type { Config } from '../../src/platform/config.ts';
import { KeycloakUsers } from '../../src/platform/keycloak.ts';
import { createLog } from '../../src/platform/log.ts';
import { CustomerReads } from '../../src/read-model/customers.ts';
import { isSteppedUp } from '../../src/read-model/step-up.ts';
import { createRoutes } from '../../src/server/routes.ts';
import { schema } from '../../src/server/schema.ts';
import { statusOf } from '../../src/server/status.ts';
import { atProvider, Browser, type Replica, locationOf, type Seen } from './browser.ts';
import type { Answer } from './graph-world.ts';
import { cloneDatabases, type TestDatabases } from './database.ts';
import { type KeycloakDouble, startKeycloakDouble } from './keycloak-double.ts';
import { OidcDouble } from './oidc-double.ts';
import { openRecords, type Records } from './records.ts';
import { configFor } from './session-config.ts';

interface Told {
  readonly sid: string;
  readonly acr: string;
  readonly auth_time: number;
}

/** Sessions of one customer over two replicas that share a database and a provider. */
export class SessionWorld {
  readonly origin = 'http://localhost:4000';
  readonly provider = new OidcDouble();
  /** Every line the replicas have logged. */
  readonly logged: string[] = [];
  /** Jobs that were put aside: task and key. */
  readonly enqueued: string[] = [];
  /** Where requests come from. */
  from = { ip: '127.0.0.1', userAgent: 'test' };
  /** What was counted of sign-ins and incidents. */
  readonly counted: string[] = [];
  /** How far registrations came. */
  readonly registrations: string[] = [];
  readonly figures: Ctx['figures'] = {
    signedIn: () => void this.counted.push('signed in'),
    incident: (kind) => void this.counted.push(kind),
    registration: (step) => void this.registrations.push(step),
  };
  customerId = '';
  /** The server takes no token for good, whatever it says. */
  tokensRefused = false;
  #keycloak!: KeycloakDouble;
  #databases!: TestDatabases;
  #records: Records[] = [];
  #replicas: Replica[] = [];
  #advancedMs = 0;
  #count = 0;

  /** @param fallback  the issuer that takes over while the provider is away */
  async start(fallback?: OidcDouble): Promise<void> {
    await this.provider.start();
    this.#keycloak = await startKeycloakDouble();
    this.#databases = await cloneDatabases();
    const databases = this.#databases;
    const config = configFor(this.provider, databases, fallback);
    for (let n = 0; n < 2; n += 1) this.#records.push(await openRecords({ databases }));
    this.#replicas = this.#records.map((records) => this.#replicaOver(config, records));
  }

  async stop(): Promise<void> {
    for (const records of this.#records) await records[Symbol.asyncDispose]();
    await this.#databases.drop();
    await this.#keycloak.stop();
    await this.provider.stop();
  }

  /** Another customer, and a provider without faults. */
  async reset(): Promise<void> {
    Object.assign(this.provider, { fault: 'none', delayMs: 0, browserSid: undefined });
    Object.assign(this.provider, { proofAge: 0, obedient: true, strongest: '1', usual: '1' });
    Object.assign(this.provider, { givesPassword: false, actionEnds: 'success' });
    this.#keycloak.mode = 'up';
    Object.assign(this.provider.calls, { code: 0, refresh: 0, logout: 0, certs: 0 });
    this.tokensRefused = false;
    this.from = { ip: '127.0.0.1', userAgent: 'test' };
    this.#advancedMs = 0;
    this.logged.length = 0;
    this.enqueued.length = 0;
    this.counted.length = 0;
    this.registrations.length = 0;
    const email = `maria.${(this.#count += 1)}@shop.example`;
    const credentials = [{ id: randomUUID(), type: 'password', createdDate: 0 }];
    const user = this.#keycloak.add({ email, emailVerified: true, credentials });
    this.customerId = await this.#main.register(email);
    this.provider.user = {
      sub: user.id,
      permissions: ['customer:self'],
      claims: { email, email_verified: true, customer_id: this.customerId },
    };
    await this.#main.pool.query('insert into identity_link values ($1, $2, $3, now(), now(), null)', [
      this.provider.issuer,
      user.id,
      this.customerId,
    ]);
    await this.#main.pool.query('delete from revocation');
  }

  /** Her user at Keycloak. */
  get user(): NonNullable<ReturnType<KeycloakDouble['users']['get']>> {
    const user = this.#keycloak.users.get(this.provider.user.sub);
    if (!user) throw new Error('She has no user.');
    return user;
  }

  get keycloak(): KeycloakDouble {
    return this.#keycloak;
  }

  /** What the worker works with; `now` moves with the clock of the replicas. */
  get parts(): Parts {
    return this.replica(0).ctx(undefined);
  }

  /** Asks the graph as her browser's token says. */
  async ask(browser: Browser, source: string, variableValues: Record<string, unknown> = {}, n = 0): Promise<Answer> {
    const app = this.replica(n).ctx(browser.cookies.get('__Host-access'));
    return (await graphql({ schema, source, variableValues, contextValue: { app } })) as Answer;
  }

  /** Statements over the database of both replicas. */
  async rows<T extends object>(text: string, ...values: unknown[]): Promise<T[]> {
    return (await this.#main.pool.query<T>(text, values)).rows;
  }

  get #main(): Records {
    return this.#records[0] as Records;
  }

  replica(n: number): Replica {
    return this.#replicas[n] as Replica;
  }

  /** What she can prove with who she is, at Keycloak. */
  hasCredentials(...types: string[]): void {
    const user = this.#keycloak.users.get(this.provider.user.sub);
    if (user) user.credentials = types.map((type) => ({ id: randomUUID(), type }));
  }

  /** Keycloak's admin API answers no more. */
  keycloakIsAway(): void {
    this.#keycloak.mode = 'down';
  }

  /** Sessions that Keycloak was asked to end. */
  get endedSessions(): KeycloakDouble['endedSessions'] {
    return this.#keycloak.endedSessions;
  }

  get databaseUrl(): string {
    return this.#databases.url;
  }

  /** Mails that Keycloak was asked to send. */
  get mails(): KeycloakDouble['mails'] {
    return this.#keycloak.mails;
  }

  /** The provider's session of the last sign-in. */
  get sid(): string {
    return this.provider.browserSid ?? this.#lastSid;
  }
  #lastSid = '';

  advance(seconds: number): void {
    this.#advancedMs += seconds * 1000;
  }

  async signIn(browser: Browser, path = '/auth/login'): Promise<Seen> {
    const begun = await browser.get(this.replica(0), path);
    const back = await browser.get(this.replica(0), await atProvider(locationOf(begun)));
    this.#lastSid = this.provider.browserSid ?? '';
    return back;
  }

  async signedIn(): Promise<Browser> {
    const browser = new Browser(this.origin);
    const { status, text } = await this.signIn(browser);
    if (status !== 302) throw new Error(`The sign-in ended with ${status}: ${text} ${this.logged.join('')}`);
    return browser;
  }

  /** Whether she may do what needs a fresh proof. */
  isSteppedUp(browser: Browser): Promise<boolean> {
    return isSteppedUp(this.replica(0).ctx(browser.cookies.get('__Host-access')));
  }

  async setStatus(status: AccountStatus): Promise<void> {
    await this.#main.pool.query('update customer set status = $2 where id = $1', [this.customerId, status]);
  }

  /** As she would in her profile. */
  async changeProfile(input: Parameters<CustomerAccount['updateProfile']>[0]): Promise<void> {
    await this.#main.transact(async (em) => {
      const account = await forUpdate(em, this.customerId);
      account.updateProfile(input, account.version, { at: new Date(), by: 'SELF' });
    });
  }

  /** Her address is another one, and proven, from a time on. */
  async takeEmail(address: string, at: Date): Promise<void> {
    await this.#main.transact(async (em) => {
      (await forUpdate(em, this.customerId)).takeEmail(
        parseEmail(address),
        true,
        { at, by: 'IDP' },
        { id: randomUUID(), since: at },
      );
    });
  }

  rename(givenName: string): Promise<void> {
    return this.changeProfile({ givenName });
  }

  async revoked(): Promise<string[]> {
    const { rows } = await this.#main.pool.query<{ sid: string }>('select sid from revocation where sid is not null');
    return rows.map(({ sid }) => sid);
  }

  /** Events of the customer that wait to be published. */
  async facts(type: string): Promise<Record<string, unknown>[]> {
    const text = `select event->'data' as data from outbox where customer_id = $1 and type like $2 order by sequence`;
    const { rows } = await this.#main.pool.query<{ data: Record<string, unknown> }>(text, [
      this.customerId,
      `%${type}%`,
    ]);
    return rows.map(({ data }) => data);
  }

  /** Stands for the server's own check, which has tests of its own. */
  #actorOf(access: string | undefined): Actor {
    if (!access || access.split('.').length !== 3 || this.tokensRefused) return nobody;
    const { sub = '', sid, exp = 0, acr, auth_time: authTime } = decodeJwt<Told>(access);
    const identity = { issuer: this.provider.issuer, subject: sub };
    return {
      kind: 'person',
      id: sub,
      permissions: new Set(['customer:self']),
      identity,
      sessionId: sid,
      expiresAt: exp,
      acr,
      authTime,
    };
  }

  #replicaOver(config: Config, records: Records): Replica {
    const clock = { now: () => new Date(Date.now() + this.#advancedMs) };
    const taken = new Map<string, number>();
    const limits: Ctx['limits'] = {
      take(name, subject, limit) {
        const count = (taken.get(`${name} ${subject}`) ?? 0) + 1;
        taken.set(`${name} ${subject}`, count);
        return Promise.resolve(count <= limit ? 0 : 1);
      },
    };
    const parts = {
      ...records,
      figures: this.figures,
      config,
      clock,
      limits,
      log: createLog('info', { write: (line) => void this.logged.push(line) }),
      keycloak: new KeycloakUsers(this.#keycloak.access, clock, (seconds) => new Unavailable(seconds)),
      work: {
        enqueue: (_em: unknown, task: string, key: string) =>
          Promise.resolve(void this.enqueued.push(`${task} ${key}`)),
      },
    };
    const app = createRoutes(config, clock, (code) => statusOf[code]);
    return {
      routes: app,
      ctx: (access) => {
        const actor = this.#actorOf(access);
        const transact = (work: never) => records.transactAs({ actor, requestId: randomUUID() }, work);
        return {
          ...parts,
          request: { id: 'request', language: 'en', router: false, ...this.from },
          actor,
          transact,
          customers: new CustomerReads(records, actor, () => Promise.resolve()),
        } as unknown as Ctx;
      },
    };
  }
}
