import type { Endpoints } from '../../local/endpoints.ts';
import type { Person } from './people.ts';

/** What a server answered, read to its end, and where that was. */
export interface Visited {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const decoded = (text: string): string => text.replaceAll('&amp;', '&');

/** Where the form of a page goes. @throws when there is none */
export function formOf({ text, status }: Visited): string {
  const action = /<form[^>]*action="([^"]+)"/.exec(text)?.[1];
  if (!action) throw new Error(`No form, but HTTP ${status}.`);
  return decoded(action);
}

/** A browser without scripts: it keeps cookies, follows redirects and fills in Keycloak's form. */
export class CookieBrowser {
  readonly #endpoints: Endpoints;
  readonly #cookies = new Map<string, string>();

  constructor(endpoints: Endpoints) {
    this.#endpoints = endpoints;
  }

  /** As one of our own pages sends it. */
  headers(): Record<string, string> {
    return { cookie: this.#line(), origin: new URL(this.#endpoints.rest).origin, 'x-csrf': '1' };
  }

  get isSignedIn(): boolean {
    return this.#cookies.has('__Host-access') && this.#cookies.has('__Host-refresh');
  }

  /**
   * Signs in through Keycloak's page.
   *
   * @param stopAt  where not to go any more: the address is returned instead of an answer
   */
  async signIn(person: Person, stopAt?: (url: string) => boolean): Promise<Visited> {
    return this.finish(await this.begin(), person, stopAt);
  }

  /** Opens Keycloak's page, which our sign-in or another address leads to. Returns where its form goes. @throws when there is none */
  async begin(address = `${this.#endpoints.rest}/auth/login?returnTo=/auth/session`): Promise<string> {
    return formOf(await this.go(address));
  }

  /** Sends Keycloak's form. */
  finish(form: string, { email, password }: Person, stopAt?: (url: string) => boolean): Promise<Visited> {
    return this.go(form, { form: { username: email, password }, ...(stopAt ? { stopAt } : {}) });
  }

  /** A new access token for the handle. */
  refresh(): Promise<Visited> {
    return this.go(`${this.#endpoints.rest}/auth/refresh`, { form: {}, headers: this.headers() });
  }

  /** What our page does when an answer of Keycloak was lost: asks once more, without a page. */
  silently(): Promise<Visited> {
    return this.go(`${this.#endpoints.rest}/auth/login?silent=1&returnTo=/auth/session`);
  }

  /** Goes to an address, and on to wherever it leads. */
  async go(
    address: string,
    more: {
      form?: Record<string, string>;
      headers?: Record<string, string>;
      stopAt?: (url: string) => boolean;
    } = {},
  ): Promise<Visited> {
    let [url, body] = [address, more.form && new URLSearchParams(more.form)];
    for (;;) {
      const answer = await fetch(url, {
        redirect: 'manual',
        method: body ? 'POST' : 'GET',
        headers: { ...more.headers, cookie: this.#line() },
        body: body ?? null,
        signal: AbortSignal.timeout(20_000),
      });
      for (const line of answer.headers.getSetCookie()) this.#keep(line);
      const { status, headers } = answer;
      const text = await answer.text();
      const location = headers.get('location');
      if (!location) return { url, status, headers, text };
      [url, body] = [new URL(location, url).href, undefined];
      if (more.stopAt?.(url)) return { url, status, headers, text };
    }
  }

  #line(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/;\s*max-age=0/i.test(line)) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}
