import { createHash, randomBytes } from 'node:crypto';
import type { Endpoints } from '../../local/endpoints.ts';
import { CookieBrowser } from './cookie-browser.ts';
import type { Person, User } from './people.ts';

/** Keycloak's account console, as its own page works: signed in with a code, then by the API behind it. */
export class AccountConsole {
  readonly #url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** @throws when Keycloak lets her not in */
  static async open(endpoints: Endpoints, person: Person): Promise<AccountConsole> {
    const realm = `${endpoints.keycloak.url}/realms/${endpoints.keycloak.realm}`;
    const verifier = randomBytes(32).toString('base64url');
    const asked = {
      client_id: 'account-console',
      redirect_uri: `${realm}/account/`,
      response_type: 'code',
      scope: 'openid',
      code_challenge_method: 'S256',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    };
    const at = `${realm}/protocol/openid-connect/auth?${new URLSearchParams(asked).toString()}`;
    const browser = new CookieBrowser(endpoints);
    const back = await browser.finish(await browser.begin(at), person, (url) => url.startsWith(asked.redirect_uri));
    const code = new URL(back.url).searchParams.get('code') ?? '';
    const { client_id, redirect_uri } = asked;
    const form = { grant_type: 'authorization_code', client_id, redirect_uri, code, code_verifier: verifier };
    const answer = await fetch(`${realm}/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    const { access_token: token } = (await answer.json()) as { access_token?: string };
    if (!token) throw new Error(`The account console got no token (HTTP ${answer.status}).`);
    return new AccountConsole(`${realm}/account`, token);
  }

  /**
   * Chooses her language as the page's form does: the whole profile, read and written.
   *
   * @returns the status of the answer: 204 when it is done, 401 once the token has ended
   */
  async speak(locale: string): Promise<number> {
    const read = await this.#call('GET');
    if (!read.ok) return read.status;
    const profile = (await read.json()) as User;
    return (await this.#call('POST', { ...profile, attributes: { ...profile.attributes, locale: [locale] } })).status;
  }

  #call(method: string, body?: object): Promise<Response> {
    return fetch(`${this.#url}/?userProfileMetadata=false`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        accept: 'application/json',
        'content-type': 'application/json',
      },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(15_000),
    });
  }
}
