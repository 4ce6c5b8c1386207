import { randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import type { Ctx, Parts } from '../../src/context.ts';
import { type Actor, nobody } from '../../src/domain/access.ts';
import type { AccountStatus } from '../../src/domain/account-status.ts';
import { CustomerAccount } from '../../src/domain/customer-account.ts';
import { Unavailable } from '../../src/domain/errors.ts';
import { credentialNoticeTasks } from '../../src/features/identity/credential-notices.jobs.ts';
import { contactTasks } from '../../src/features/contacts/contacts.jobs.ts';
import { receiveDeliveries, workDeliveries } from '../../src/features/identity/identity.events.ts';
import { identityTasks } from '../../src/features/identity/identity.jobs.ts';
import { registrationTasks } from '../../src/features/registration/registration.jobs.ts';
import type { WantedText } from '../../src/messaging/text-messages.ts';
import type { Mail, MailSender } from '../../src/platform/mail.ts';
import { KeycloakUsers } from '../../src/platform/keycloak.ts';
import { createLog } from '../../src/platform/log.ts';
import { CustomerReads } from '../../src/read-model/customers.ts';
import { type DoubleUser, type KeycloakDouble, startKeycloakDouble } from './keycloak-double.ts';
import { openRecords, type Records } from './records.ts';

/** A change at Keycloak as our listener delivers it. */
export interface Told {
  readonly type: string;
  readonly userId?: string;
  readonly sessionId?: string;
  readonly credentialType?: string;
  readonly by?: 'customer' | 'staff' | 'service' | 'system';
  /** How long ago, in milliseconds. */
  readonly agoMs?: number;
}

/** A customer as a test looks at her. */
export interface Shown {
  readonly status: AccountStatus;
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly email: string | null;
  readonly locale: string | null;
  readonly version: number;
}

const issuer = 'https://issuer.example/realms/customer';

/** Limits as Redis keeps them, in memory. */
function limitsOver(clock: Parts['clock']): Parts['limits'] {
  const taken = new Map<string, number>();
  return {
    take(name, subject, limit, windowSeconds) {
      const id = `${name} ${subject} ${Math.floor(clock.now().getTime() / windowSeconds / 1000)}`;
      taken.set(id, (taken.get(id) ?? 0) + 1);
      return Promise.resolve((taken.get(id) ?? 0) <= limit ? 0 : windowSeconds);
    },
  };
}

/** Convergence and registration over real databases and a double of Keycloak. Jobs wait until a test lets them run. */
export class IdentityWorld implements AsyncDisposable {
  readonly issuer = issuer;
  readonly keycloak: KeycloakDouble;
  readonly records: Records;
  readonly mails: Mail[] = [];
  readonly logged: string[] = [];
  /** Text messages, in order. */
  readonly texts: WantedText[] = [];
  /** What the gateway says to the next ones. */
  textsFail: Error | undefined;
  readonly parts: Parts;
  /** What was counted of registrations and incidents. */
  readonly counted: string[] = [];
  readonly registration = { mailsPerHour: 3, perNetworkPerHour: 20, answerMs: 0, unprovenDays: 7 };
  #advancedMs = 0;
  #jobs = new Map<string, { task: string; key: string }>();

  private constructor(records: Records, keycloak: KeycloakDouble) {
    this.records = records;
    this.keycloak = keycloak;
    const clock = { now: () => new Date(Date.now() + this.#advancedMs) };
    const parts = {
      ...records,
      clock,
      log: createLog('info', { write: (line) => void this.logged.push(line) }),
      keycloak: new KeycloakUsers(keycloak.access, clock, (seconds) => new Unavailable(seconds)),
      limits: limitsOver(clock),
      figures: {
        signedIn: () => undefined,
        incident: (kind: string) => void this.counted.push(kind),
        registration: (step: string) => void this.counted.push(step),
      },
      textMessages: {
        send: (text: WantedText) => {
          if (this.textsFail) return Promise.reject(this.textsFail);
          return Promise.resolve(void this.texts.push(text));
        },
        verified: () => Promise.resolve(),
      },
      work: {
        enqueue: (_em: unknown, task: string, key: string) => {
          this.#jobs.set(`${task} ${key}`, { task, key });
          return Promise.resolve();
        },
      },
      config: {
        server: { publicUrl: 'http://localhost:4000' },
        keycloak: { issuer, realm: 'customer' },
        keys: { token: Buffer.alloc(32, 7) },
        registration: this.registration,
        sweep: { maxMissing: 2 },
      },
    };
    this.parts = parts as unknown as Parts;
  }

  static async open(): Promise<IdentityWorld> {
    const [records, keycloak] = [await openRecords(), await startKeycloakDouble()];
    return new IdentityWorld(records, keycloak);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keycloak.stop();
    await this.records[Symbol.asyncDispose]();
  }

  advance(ms: number): void {
    this.#advancedMs += ms;
  }

  ctx(ip = '192.0.2.1', actor: Actor = nobody): Ctx {
    const requestId = v7();
    return {
      ...this.parts,
      actor,
      request: { id: requestId, ip, language: 'en', userAgent: 'test', router: false },
      transact: (work, reason) =>
        this.parts.transactAs({ actor, requestId, ...(reason === undefined ? {} : { reason }) }, work),
      customers: new CustomerReads(this.parts, actor, () => Promise.resolve()),
    };
  }

  /** A user made in the console, told to us. */
  async madeInConsole(user: Partial<DoubleUser> & { email: string }): Promise<DoubleUser> {
    const made = this.keycloak.add(user);
    await this.told({ type: 'USER_CREATE', userId: made.id, by: 'staff' });
    return made;
  }

  /** Delivers changes and works them off. */
  async told(...changes: Told[]): Promise<void> {
    await this.deliver(...changes);
    await this.work();
  }

  async deliver(...changes: Told[]): Promise<void> {
    const events = changes.map(({ by = 'staff', agoMs = 0, type, ...ids }) => ({
      ...ids,
      id: randomUUID(),
      realm: 'customer',
      kind: by === 'staff' ? 'admin' : 'user',
      type,
      time: this.parts.clock.now().getTime() - agoMs,
      actor: { type: by, id: by === 'customer' ? ids.userId : 'the-admin' },
    }));
    await receiveDeliveries(this.parts, events);
  }

  async work(): Promise<void> {
    for (let n = 0; (await workDeliveries(this.parts)) && n < 20; n += 1);
  }

  /** Runs what was enqueued, and what that enqueues. */
  async runJobs(): Promise<string[]> {
    const ran: string[] = [];
    for (let [next] = this.#jobs.values(); next; [next] = this.#jobs.values()) {
      this.#jobs.delete(`${next.task} ${next.key}`);
      await this.run(next.task, next.key);
      ran.push(next.task);
    }
    return ran;
  }

  async run(task: string, key = ''): Promise<void> {
    const mail: MailSender = { send: (one) => Promise.resolve(void this.mails.push(one)), close: () => undefined };
    const tasks = [
      ...identityTasks(this.parts),
      ...registrationTasks(this.parts, mail),
      ...credentialNoticeTasks(this.parts, mail),
      ...contactTasks(this.parts, mail),
    ];
    await tasks.find(({ name }) => name === task)?.run(key);
  }

  async customerOf(subject: string): Promise<string | undefined> {
    const text = 'select customer_id as id from identity_link where subject = $1';
    return (await this.records.pool.query<{ id: string }>(text, [subject])).rows[0]?.id;
  }

  async show(customerId: string | undefined): Promise<Shown | undefined> {
    return this.records.transact(async (em) => {
      const account = await em.findOne(CustomerAccount, { id: customerId ?? '' });
      if (!account) return undefined;
      const { status, person, locale, version } = account;
      const { givenName = null, familyName = null, email } = person ?? {};
      return { status, givenName, familyName, email: email?.address ?? null, locale, version };
    });
  }

  /** The facts of a customer, or of all, in order. */
  async facts(customerId?: string): Promise<{ type: string; actor: string; data: Record<string, unknown> }[]> {
    const { rows } = await this.records.pool.query<{ type: string; actor: string; data: Record<string, unknown> }>(
      `select split_part(type, '.', 2) as type, event->>'actortype' as actor, event->'data' as data from outbox
        where $1::uuid is null or customer_id = $1 order by position`,
      [customerId ?? null],
    );
    return rows;
  }

  async count(
    table: 'customer' | 'registration_intent' | 'dead_letter' | 'revocation' | 'identity_link',
  ): Promise<number> {
    const { rows } = await this.records.pool.query<{ n: number }>(`select count(*)::int as n from ${table}`);
    return rows[0]?.n ?? 0;
  }

  async drift(): Promise<string[]> {
    const { rows } = await this.records.pool.query<{ said: string }>(
      `select line || ' ' || kind as said from drift order by id`,
    );
    return rows.map(({ said }) => said);
  }
}
