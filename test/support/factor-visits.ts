import { createHmac, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import type { Endpoints } from '../../local/endpoints.ts';
import type { CaughtText } from '../../local/sms-inbox.ts';
import { type AdminCall, openAdmin } from './keycloak-admin.ts';
import { type Page, Visitor } from './visitor.ts';

/** Somebody with a password and a proven address. */
export interface Person {
  readonly id: string;
  readonly username: string;
  readonly password: string;
}

/** What the token endpoint answered. */
export interface Granted {
  readonly status: number;
  readonly body: { readonly error?: string; readonly access_token?: string } & Record<string, unknown>;
}

const client = 'text-message-visits';
const flows = { browser: `${client}-browser`, factor: `${client}-factor`, direct: `${client}-direct` };
/** The number of some mobile telephone. */
export const mobile = (): string => `+49151${randomInt(10_000_000, 99_999_999)}`;

async function must(answer: Promise<Response>): Promise<Response> {
  const got = await answer;
  if (!got.ok) throw new Error(`Keycloak answered ${got.status}: ${await got.text()}`);
  return got;
}

/** A secret that an authenticator shares; Keycloak keeps it as text. */
export const newSecret = (): Buffer => Buffer.from(randomBytes(20).map((byte) => byte & 0x7f));

/** A code of the moment for a secret that both sides know (RFC 6238). */
export function totpOf(secret: Buffer): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac('sha1', secret).update(counter).digest();
  const at = (hash.at(-1) ?? 0) & 15;
  return String((hash.readUInt32BE(at) & 0x7f_ff_ff_ff) % 1_000_000).padStart(6, '0');
}

const authenticatorWith = (secret: Buffer): object => ({
  type: 'otp',
  userLabel: 'authenticator',
  secretData: JSON.stringify({ value: secret.toString('latin1') }),
  credentialData: '{"subType":"totp","digits":6,"counter":0,"period":30,"algorithm":"HmacSHA1"}',
});

const telephoneWith = (number: string): object => ({
  type: 'sms-otp',
  userLabel: 'telephone',
  secretData: '{}',
  credentialData: JSON.stringify({ number }),
});

/**
 * Visits to Keycloak through a client of their own, whose flows ask for a second factor by text message or authenticator,
 * in the browser and in the direct grant.
 */
export class FactorVisits implements AsyncDisposable {
  readonly #endpoints: Endpoints;
  readonly #landing: Server;

  private constructor(endpoints: Endpoints, landing: Server) {
    this.#endpoints = endpoints;
    this.#landing = landing;
  }

  static async open(endpoints: Endpoints): Promise<FactorVisits> {
    const landing = createServer((_request, response) => response.end('signed in'));
    await new Promise<void>((resolve) => landing.listen(0, '127.0.0.1', resolve));
    const visits = new FactorVisits(endpoints, landing);
    const admin = await openAdmin(endpoints);
    await visits.#remove(admin);
    await visits.#flow(admin, flows.browser, [['auth-username-password-form', 'REQUIRED']]);
    await visits.#factorFlow(admin);
    await visits.#flow(admin, flows.direct, [
      ['direct-grant-validate-username', 'REQUIRED'],
      ['direct-grant-validate-password', 'REQUIRED'],
      ['customer-direct-grant-factor', 'REQUIRED'],
    ]);
    await visits.#client(admin);
    return visits;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remove(await openAdmin(this.#endpoints));
    this.#landing.closeAllConnections();
    await new Promise((resolve) => this.#landing.close(resolve));
  }

  /** Makes somebody; with an authenticator, or with a number that was proven some other time. */
  async person(
    more: { locale?: string; totp?: Buffer; number?: string; emailVerified?: boolean } = {},
  ): Promise<Person> {
    const { locale = 'en', totp, number, emailVerified = true } = more;
    const [username, password] = [`${randomUUID()}@example.org`, randomBytes(18).toString('base64url')];
    const user = {
      username,
      email: username,
      emailVerified,
      enabled: true,
      attributes: { locale: [locale] },
      credentials: [
        { type: 'password', value: password },
        ...(totp ? [authenticatorWith(totp)] : []),
        ...(number ? [telephoneWith(number)] : []),
      ],
    };
    const made = await must((await openAdmin(this.#endpoints))('POST', '/users', user));
    return { id: made.headers.get('location')?.split('/').at(-1) ?? '', username, password };
  }

  async admin(method: string, path: string, body?: object): Promise<any> {
    const text = await (await must((await openAdmin(this.#endpoints))(method, path, body))).text();
    return text ? JSON.parse(text) : undefined;
  }

  /**
   * Waits until Keycloak has counted so many failures of hers: until then it takes her next try for a second sign-in at
   * the same time, and refuses it.
   */
  async failures({ id }: Person, many: number): Promise<void> {
    const count = async (): Promise<number> => {
      const seen = (await this.admin('GET', `/attack-detection/brute-force/users/${id}`)) as { numFailures: number };
      return seen.numFailures;
    };
    await expect.poll(count, { timeout: 10_000 }).toBe(many);
  }

  /** Her second factors, as the admin API shows them. */
  async factorsOf({ id }: Person): Promise<{ id: string; type: string; userLabel: string }[]> {
    const all = (await this.admin('GET', `/users/${id}/credentials`)) as {
      id: string;
      type: string;
      userLabel: string;
    }[];
    return all.filter(({ type }) => type !== 'password');
  }

  /** Name and password; what comes then is the answer. */
  async signIn(visitor: Visitor, { username, password }: Person, action?: string): Promise<Page> {
    const { url, realm } = this.#endpoints.keycloak;
    const query = new URLSearchParams({
      client_id: client,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: this.#home,
      ...(action ? { kc_action: action } : {}),
    }).toString();
    const form = await visitor.open(`${url}/realms/${realm}/protocol/openid-connect/auth?${query}`);
    const page = await visitor.submit(form, { username, password });
    // Keycloak refuses a sign-in that begins while it still writes the last one down.
    return page.text.includes('id="password"') ? visitor.submit(page, { username, password }) : page;
  }

  /** Whether the page is ours, with a code for a token. */
  isIn({ url }: Page): boolean {
    return url.startsWith(this.#home) && new URL(url).searchParams.has('code');
  }

  /** Sets up a number by the page, and says which. */
  async enrol(person: Person, number = mobile(), visitor = new Visitor()): Promise<string> {
    const page = await visitor.submit(await this.signIn(visitor, person, 'configure-sms-otp'), { smsNumber: number });
    const done = await visitor.submit(page, { smsCode: await this.codeTo(number) });
    expect(new URL(done.url).searchParams.get('kc_action_status')).toBe('success');
    return number;
  }

  /** Takes one of the ways that the page of other ways offers. */
  choose(visitor: Visitor, ways: Page, at: number): Promise<Page> {
    const all = [...ways.text.matchAll(/name="authenticationExecution" value="([^"]+)"/g)].map(([, id = '']) => id);
    return visitor.submit(ways, { authenticationExecution: all[at] ?? '' });
  }

  async textsTo(number: string): Promise<CaughtText[]> {
    const answer = await fetch(`${this.#endpoints.sms.api}/messages?to=${encodeURIComponent(number)}`);
    return (await answer.json()) as CaughtText[];
  }

  /** The newest code to a number. */
  async codeTo(number: string): Promise<string> {
    const [text] = await this.textsTo(number);
    return /^\d{6}/.exec(text?.body ?? '')?.[0] ?? expect.fail('no code was sent');
  }

  /** A direct grant, as `customer-login` will ask for one. */
  async grant({ username, password }: Person, more: Record<string, string> = {}): Promise<Granted> {
    const { url, realm } = this.#endpoints.keycloak;
    const form = { grant_type: 'password', client_id: client, scope: 'openid', username, password, ...more };
    const answer = await fetch(`${url}/realms/${realm}/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    return { status: answer.status, body: (await answer.json()) as Granted['body'] };
  }

  get #home(): string {
    return `http://127.0.0.1:${(this.#landing.address() as AddressInfo).port}/`;
  }

  async #require(admin: AdminCall, flow: string, name: string, requirement: string): Promise<void> {
    const path = `/authentication/flows/${flow}/executions`;
    const all = (await (await must(admin('GET', path))).json()) as Record<string, unknown>[];
    const step = all.find(({ providerId, displayName }) => providerId === name || displayName === name);
    await must(admin('PUT', path, { ...step, requirement }));
  }

  async #steps(admin: AdminCall, flow: string, steps: [provider: string, requirement: string][]): Promise<void> {
    for (const [provider, requirement] of steps) {
      await must(admin('POST', `/authentication/flows/${flow}/executions/execution`, { provider }));
      await this.#require(admin, flow, provider, requirement);
    }
  }

  async #flow(admin: AdminCall, alias: string, steps: [provider: string, requirement: string][]): Promise<void> {
    const flow = { alias, providerId: 'basic-flow', topLevel: true, builtIn: false };
    await must(admin('POST', '/authentication/flows', flow));
    await this.#steps(admin, alias, steps);
  }

  async #factorFlow(admin: AdminCall): Promise<void> {
    const inner = { alias: flows.factor, type: 'basic-flow', provider: 'none', description: '' };
    await must(admin('POST', `/authentication/flows/${flows.browser}/executions/flow`, inner));
    await this.#require(admin, flows.browser, flows.factor, 'CONDITIONAL');
    await this.#steps(admin, flows.factor, [
      ['conditional-user-configured', 'REQUIRED'],
      ['auth-otp-form', 'ALTERNATIVE'],
      ['customer-sms-code', 'ALTERNATIVE'],
    ]);
  }

  async #client(admin: AdminCall): Promise<void> {
    const all = (await (await must(admin('GET', '/authentication/flows'))).json()) as { id: string; alias: string }[];
    const idOf = (alias: string): string => all.find((flow) => flow.alias === alias)?.id ?? '';
    const overrides = { browser: idOf(flows.browser), direct_grant: idOf(flows.direct) };
    const settings = { publicClient: true, directAccessGrantsEnabled: true, redirectUris: [this.#home] };
    await must(
      admin('POST', '/clients', { clientId: client, ...settings, authenticationFlowBindingOverrides: overrides }),
    );
  }

  async #remove(admin: AdminCall): Promise<void> {
    const clients = (await (await must(admin('GET', `/clients?clientId=${client}`))).json()) as { id: string }[];
    for (const { id } of clients) await must(admin('DELETE', `/clients/${id}`));
    const all = (await (await must(admin('GET', '/authentication/flows'))).json()) as { id: string; alias: string }[];
    for (const { id, alias } of all) {
      if (alias === flows.browser || alias === flows.direct) await must(admin('DELETE', `/authentication/flows/${id}`));
    }
  }
}
