import type { z } from 'zod';
import type { Clock } from './clock.ts';
import { NoAnswer, request, type Answer, type RequestOptions } from './http-client.ts';

/** Where Keycloak is and as whom we call it. */
export interface KeycloakAccess {
  readonly url: string;
  readonly realm: string;
  readonly timeoutSeconds: number;
  readonly service: { readonly id: string; readonly secret: string };
}

/** Keycloak refused what it should have done. Carries the status only: its words repeat what it was given. */
export class KeycloakRefused extends Error {
  readonly code: string;
  constructor(status: number) {
    super('Keycloak refused the call.');
    this.name = 'KeycloakRefused';
    this.code = `HTTP_${status}`;
  }
}

/** Where a user stands. */
export const userPath = (id: string): string => `/users/${encodeURIComponent(id)}`;

/** Where a session stands. */
export const sessionPath = (sid: string): string => `/sessions/${encodeURIComponent(sid)}`;

const failuresUntilOpen = 3;
const openMs = 5_000;
const renewBeforeMs = 30_000;

/** A call of the admin API below `/admin/realms/{realm}`. */
export interface AdminCall {
  readonly method?: NonNullable<RequestOptions['method']>;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * Stops calling a server that does not answer. After three failures in a row nobody waits: for five seconds every call
 * fails at once, then one goes through to see.
 */
class Circuit {
  #failures = 0;
  #openUntil = 0;
  #probing = false;
  readonly #now: () => number;
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Seconds until somebody may try again; 0 when now. */
  wait(): number {
    if (this.#failures < failuresUntilOpen) return 0;
    const left = this.#openUntil - this.#now();
    if (left > 0 || this.#probing) return Math.max(1, Math.ceil(left / 1000));
    this.#probing = true;
    return 0;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#probing = false;
  }

  failed(): void {
    this.#failures++;
    this.#probing = false;
    this.#openUntil = this.#now() + openMs;
  }
}

interface Token {
  readonly value: string;
  readonly until: number;
}

/** Calls Keycloak's admin API as our service account. A call, its token included, ends within `timeoutSeconds`. */
export class AdminCalls {
  readonly #access: KeycloakAccess;
  readonly #unavailable: (retryAfterSeconds: number) => Error;
  readonly #now: () => number;
  readonly #circuit: Circuit;
  #token: Token | undefined;
  #underWay: Promise<Token> | undefined;

  /** @param unavailable  makes the error for a Keycloak that is down or hung */
  constructor(access: KeycloakAccess, clock: Clock, unavailable: (retryAfterSeconds: number) => Error) {
    this.#access = access;
    this.#unavailable = unavailable;
    this.#now = () => clock.now().getTime();
    this.#circuit = new Circuit(this.#now);
  }

  /** The answer, whatever its status below 500. @throws what `unavailable` makes; KeycloakRefused when we get no token */
  async call(call: AdminCall): Promise<Answer> {
    const wait = this.#circuit.wait();
    if (wait) throw this.#unavailable(wait);
    const answer = await this.#ask(call).catch((error: unknown) => {
      if (!(error instanceof NoAnswer)) {
        this.#circuit.succeeded();
        throw error;
      }
      this.#circuit.failed();
      throw this.#unavailable(Math.ceil(openMs / 1000));
    });
    this.#circuit.succeeded();
    // 500 is one call gone wrong, such as a mail that cannot be sent; the next may succeed.
    if (answer.status === 500) throw this.#unavailable(this.#access.timeoutSeconds);
    return answer;
  }

  /** The answer, if it has one of these statuses. @throws as `call`; KeycloakRefused for any other */
  async expect(call: AdminCall, ...statuses: readonly number[]): Promise<Answer> {
    const answer = await this.call(call);
    if (!statuses.includes(answer.status)) throw new KeycloakRefused(answer.status);
    return answer;
  }

  /** What a GET answers, read by its shape; null where there is nothing. */
  async read<T>(path: string, shape: z.ZodType<T>): Promise<T | null> {
    const answer = await this.expect({ path }, 200, 404);
    return answer.status === 404 ? null : shape.parse(JSON.parse(answer.text));
  }

  async #ask(call: AdminCall): Promise<Answer> {
    const deadline = performance.now() + this.#access.timeoutSeconds * 1000;
    const answer = await this.#send(call, deadline);
    if (answer.status !== 401) return answer;
    // A token outlives neither a restart of Keycloak with new keys nor a new secret.
    this.#token = undefined;
    return this.#send(call, deadline);
  }

  async #send(call: AdminCall, deadline: number): Promise<Answer> {
    const { value } = await this.#currentToken(deadline - performance.now());
    const query = call.query ? `?${new URLSearchParams(call.query).toString()}` : '';
    const answer = await request(`${this.#access.url}/admin/realms/${this.#access.realm}${call.path}${query}`, {
      method: call.method ?? 'GET',
      headers: { authorization: `Bearer ${value}`, 'content-type': 'application/json' },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      timeoutMs: deadline - performance.now(),
    });
    if (answer.status > 500) throw new NoAnswer('connection');
    return answer;
  }

  async #currentToken(timeoutMs: number): Promise<Token> {
    if (this.#token && this.#token.until > this.#now()) return this.#token;
    this.#underWay ??= this.#askForToken(timeoutMs).finally(() => (this.#underWay = undefined));
    this.#token = await this.#underWay;
    return this.#token;
  }

  async #askForToken(timeoutMs: number): Promise<Token> {
    const { url, realm, service } = this.#access;
    const form = { grant_type: 'client_credentials', client_id: service.id, client_secret: service.secret };
    const answer = await request(`${url}/realms/${realm}/protocol/openid-connect/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
      timeoutMs,
    });
    if (answer.status >= 500) throw new NoAnswer('connection');
    if (answer.status !== 200) throw new KeycloakRefused(answer.status);
    const given = JSON.parse(answer.text) as { access_token: string; expires_in: number };
    return { value: given.access_token, until: this.#now() + given.expires_in * 1000 - renewBeforeMs };
  }
}
