import { createHash, randomBytes } from 'node:crypto';
import type { Endpoints } from '../../local/endpoints.ts';
import type { User } from './people.ts';
import type { Page, Visitor } from './visitor.ts';

/** What the console shows of what somebody signs in with, by Keycloak's words. */
interface Listed {
  readonly type: string;
  readonly id: string;
  readonly label: string | null;
}

/** Keycloak's account console, by the addresses and calls that it uses in a browser. */
export class AccountConsole {
  readonly #endpoints: Endpoints;
  #verifier = '';

  constructor(endpoints: Endpoints) {
    this.#endpoints = endpoints;
  }

  get #realm(): string {
    const { keycloak } = this.#endpoints;
    return `${keycloak.url}/realms/${keycloak.realm}`;
  }

  /** Where the console sends a browser, to sign in or to change something. */
  address(action?: string): string {
    this.#verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: 'account-console',
      redirect_uri: `${this.#realm}/account/`,
      response_type: 'code',
      scope: 'openid',
      state: 'x',
      code_challenge: createHash('sha256').update(this.#verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...(action ? { kc_action: action } : {}),
    });
    return `${this.#realm}/protocol/openid-connect/auth?${query.toString()}`;
  }

  /** Her token, once she has come back from {@link address}. @throws when she has none */
  async tokenOf({ url }: { readonly url: string }): Promise<string> {
    const form = {
      grant_type: 'authorization_code',
      client_id: 'account-console',
      redirect_uri: `${this.#realm}/account/`,
      code: new URL(url).searchParams.get('code') ?? '',
      code_verifier: this.#verifier,
    };
    const address = `${this.#realm}/protocol/openid-connect/token`;
    const granted = await fetch(address, { method: 'POST', body: new URLSearchParams(form) });
    const { access_token: token } = (await granted.json()) as { access_token?: string };
    if (!token) throw new Error(`The account console got no token (HTTP ${granted.status}).`);
    return token;
  }

  /** What the console lists for whoever has come back from {@link address}. */
  async listFor(back: Page): Promise<Listed[]> {
    const answer = await this.#call(await this.tokenOf(back), 'GET', '/credentials');
    if (!answer.ok) throw new Error(`The console's list answers ${answer.status}.`);
    const types = (await answer.json()) as {
      type: string;
      userCredentialMetadatas: { credential: { id: string; userLabel?: string } }[];
    }[];
    return types.flatMap(({ type, userCredentialMetadatas: all }) =>
      all.map(({ credential: { id, userLabel: label = null } }) => ({ type, id, label })),
    );
  }

  /**
   * Chooses her language as the console's form does: the whole profile, read and written.
   *
   * @returns the status of the answer: 204 when it is done, 401 once the token has ended
   */
  async speak(token: string, locale: string): Promise<number> {
    const read = await this.#call(token, 'GET', '/?userProfileMetadata=false');
    if (!read.ok) return read.status;
    const profile = (await read.json()) as User;
    const attributes = { ...profile.attributes, locale: [locale] };
    return (await this.#call(token, 'POST', '/', { ...profile, attributes })).status;
  }

  #call(token: string, method: string, path: string, body?: object): Promise<Response> {
    return fetch(`${this.#realm}/account${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json' },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(15_000),
    });
  }

  /** Goes there and proves what is asked for: the password, and the code if there is a form for one. */
  async enter(
    visitor: Visitor,
    proof: { readonly email: string; readonly password: string; readonly code?: () => Promise<string> },
    action?: string,
  ): Promise<Page> {
    let page = await visitor.open(this.address(action));
    if (page.text.includes('name="password"'))
      page = await visitor.submit(page, { username: proof.email, password: proof.password });
    if (page.text.includes('name="otp"') && proof.code) page = await visitor.submit(page, { otp: await proof.code() });
    return page;
  }
}
