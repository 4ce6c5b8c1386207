import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import type { Endpoints } from '../../local/endpoints.ts';
import { emailLookupOf, parseEmail } from '../../src/domain/values/email.ts';
import { readConfig } from '../../src/platform/config.ts';
import { createKeyedHash } from '../../src/platform/keyed-hash.ts';
import { openAdmin } from './keycloak-admin.ts';
import { type RunningService, startService } from './running-service.ts';
import { type Page, Visitor } from './visitor.ts';

/** A mail as the catcher keeps it. */
export interface CaughtMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** A customer who has proven her address and chosen a password. */
export interface SignedUp {
  readonly email: string;
  readonly id: string;
  readonly token: string;
}

/** The password that everybody chooses here. */
export const password = 'quiet river stone lamp';
/** What a customer sees of herself. */
export const me = 'query { me { id version status givenName familyName email { verified } } }';
const linkPattern = /https?:\/\/\S+action-token\S+/;

/** The steps of a customer's life over a whole stack, through the doors that she uses, and a look behind them. */
export class LifeSteps implements AsyncDisposable {
  readonly publicUrl: string;
  readonly #endpoints: Endpoints;
  readonly #environment: Record<string, string>;
  readonly #pool: pg.Pool;

  constructor(endpoints: Endpoints, environment: Record<string, string>) {
    this.#endpoints = endpoints;
    this.#environment = environment;
    this.publicUrl = environment['PUBLIC_URL'] ?? '';
    this.#pool = new pg.Pool({ connectionString: environment['DATABASE_URL'] ?? '', max: 2 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }

  async ask(query: string, variables: object, token?: string): Promise<Record<string, any>> {
    const url = `http://127.0.0.1:${this.#environment['PORT']}/graphql`;
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const body = JSON.stringify({ query, variables });
    return (await fetch(url, { method: 'POST', headers, body })).json() as never;
  }

  /** Through the graph. */
  async register(email: string, names: object = {}): Promise<unknown> {
    const input = { email, locale: 'de', country: 'DE', consents: [], idempotencyKey: randomUUID(), ...names };
    const query = 'mutation ($i: RegisterInput!) { register(input: $i) { __typename ... on UserError { code } } }';
    return (await this.ask(query, { i: input }))['data']?.register;
  }

  /** Keycloak's registration page, reached from the sign-in. */
  async registrationPage(visitor: Visitor): Promise<Page> {
    return visitor.follow(await visitor.open(`${this.publicUrl}/auth/login`), 'login-actions/registration');
  }

  /** All mails to an address, the newest first. */
  async mailsTo(email: string): Promise<CaughtMail[]> {
    const answer = await fetch(`${this.#endpoints.mail.api}/email`);
    const all = (await answer.json()) as (CaughtMail & { to: unknown })[];
    return all.filter(({ to }) => JSON.stringify(to).includes(email));
  }

  /** The links in the mails to an address, the newest first, once there are so many. */
  async linksTo(email: string, least = 1): Promise<string[]> {
    const found = async () => (await this.mailsTo(email)).flatMap(({ text }) => linkPattern.exec(text)?.[0] ?? []);
    await expect.poll(async () => (await found()).length, { timeout: 8000 }).toBeGreaterThanOrEqual(least);
    return found();
  }

  /** Opens a mail's link. */
  async openLink(link: string, visitor = new Visitor()): Promise<Page> {
    const page = await visitor.open(link);
    return /href="[^"]*action-token/.test(page.text) ? visitor.follow(page, 'action-token') : page;
  }

  /** Opens the newest mail and chooses a password. */
  async prove(email: string, visitor = new Visitor()): Promise<void> {
    const [link = ''] = await this.linksTo(email);
    const page = await this.openLink(link, visitor);
    await visitor.submit(page, { 'password-new': password, 'password-confirm': password });
  }

  /** A token, or nothing for whoever cannot sign in. */
  async tokenOf(username: string, scope = 'openid', secret = password): Promise<string> {
    const { keycloak, clients } = this.#endpoints;
    const form = { grant_type: 'password', client_id: clients.cli.id, username, password: secret, scope };
    const url = `${keycloak.url}/realms/${keycloak.realm}/protocol/openid-connect/token`;
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
    return ((await answer.json()) as { access_token?: string }).access_token ?? '';
  }

  /** Signs in at our service through Keycloak's page. */
  async signIn(visitor: Visitor, email: string, path = '/auth/login'): Promise<Page> {
    const page = await visitor.open(`${this.publicUrl}${path}`);
    return visitor.submit(page, { username: email, password });
  }

  async admin(method: string, path: string, body?: object): Promise<any> {
    const call = await openAdmin(this.#endpoints);
    const text = await (await call(method, path, body)).text();
    return text ? JSON.parse(text) : undefined;
  }

  /** The users that Keycloak has for an address. */
  usersOf(email: string): Promise<any[]> {
    return this.admin('GET', `/users?exact=true&email=${encodeURIComponent(email)}`);
  }

  async userOf(email: string): Promise<any> {
    return (await this.usersOf(email))[0];
  }

  async rows<T extends object>(text: string, ...values: unknown[]): Promise<T[]> {
    return (await this.#pool.query<T>(text, values)).rows;
  }

  /** The ids of all customers who hold an address. */
  async customersOf(email: string): Promise<string[]> {
    const index = createKeyedHash('email', readConfig(this.#environment).keys.index);
    const { even, odd } = index.hashes(emailLookupOf(parseEmail(email)));
    const text = 'select id from customer where email_hash_even = $1 or email_hash_odd = $2';
    return (await this.rows<{ id: string }>(text, even, odd)).map(({ id }) => id);
  }

  async typesOf(id: string): Promise<string[]> {
    const text = 'select type from outbox where customer_id = $1 order by sequence';
    return (await this.rows<{ type: string }>(text, id)).map(({ type }) => type);
  }

  async statusOf(id: string): Promise<string | undefined> {
    return (await this.rows<{ status: string }>('select status from customer where id = $1', id))[0]?.status;
  }

  /** Her token once she is a customer in full. */
  async activeToken(email: string): Promise<string> {
    const token = await this.tokenOf(email);
    await expect
      .poll(async () => (await this.ask(me, {}, token))['data']?.me?.status, { timeout: 5000 })
      .toBe('ACTIVE');
    return token;
  }

  async idOf(token: string): Promise<string> {
    return (await this.ask(me, {}, token))['data'].me.id;
  }

  async signedUp(): Promise<SignedUp> {
    const email = `${randomUUID()}@example.org`;
    await this.register(email);
    await this.prove(email);
    const token = await this.activeToken(email);
    return { email, token, id: await this.idOf(token) };
  }
}

/** The steps over a service that runs as long as the tests of this file; nobody waits there to hide what is known. */
export function stepsOverService(): LifeSteps {
  const environment: Record<string, string> = { ...inject('environment'), REGISTRATION_TIME_MS: '0' };
  const steps = new LifeSteps(inject('endpoints'), environment);
  let service: RunningService | undefined;
  beforeAll(async () => {
    service = await startService(environment);
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await steps[Symbol.asyncDispose]();
  });
  return steps;
}
