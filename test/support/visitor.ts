/** A page as it was answered, after all redirects. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Where the realm is that stands for a provider (local/social-realm.ts). */
const providerPath = '/realms/social/';

const decoded = (text: string): string => text.replaceAll('&amp;', '&').replaceAll('&#x2F;', '/');

/** What a page says to whoever looks at it, as far as an error has room for it. */
const wordsOf = ({ text }: Page): string =>
  text
    .replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 300);

/** Somebody at the pages of Keycloak and of our service, with a browser's cookies and without its scripts. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  /** Those of the realm that stands for a provider, which a browser keeps apart by their path. */
  readonly #atProvider = new Map<string, string>();
  readonly language: string;
  readonly userAgent: string;

  constructor(language = 'en', userAgent = 'node') {
    this.language = language;
    this.userAgent = userAgent;
  }

  open(address: string): Promise<Page> {
    return this.#go(address);
  }

  /** Fills in the page's first form and sends it. */
  submit(page: Page, form: Record<string, string>): Promise<Page> {
    const action = /<form[^>]*action="([^"]+)"/.exec(page.text)?.[1];
    if (!action) throw new Error(`No form on the page of ${new URL(page.url).pathname}, which says: ${wordsOf(page)}`);
    return this.#go(new URL(decoded(action), page.url).href, new URLSearchParams(form));
  }

  /** Follows the first link whose address holds `part`. */
  follow(page: Page, part: string): Promise<Page> {
    const links = [...page.text.matchAll(/href="([^"]+)"/g)].map(([, to = '']) => decoded(to));
    const to = links.find((link) => link.includes(part));
    if (!to) throw new Error(`No link to ${part} on the page of ${new URL(page.url).pathname}.`);
    return this.#go(new URL(to, page.url).href);
  }

  /** As the scripts of our own pages post. */
  async post(address: string, body: object): Promise<Response> {
    const { origin } = new URL(address);
    const headers = { ...this.#headers(address), origin, 'x-csrf': '1', 'content-type': 'application/json' };
    const answer = await fetch(address, { method: 'POST', redirect: 'manual', headers, body: JSON.stringify(body) });
    this.#keep(answer);
    return answer;
  }

  async #go(address: string, form?: URLSearchParams): Promise<Page> {
    let [url, body] = [address, form];
    for (;;) {
      const init = body ? { method: 'POST', body } : {};
      const answer = await fetch(url, { redirect: 'manual', headers: this.#headers(url), ...init });
      this.#keep(answer);
      const { status, headers } = answer;
      const to = headers.get('location');
      if (!to) return { url, status, headers, text: await answer.text() };
      [url, body] = [new URL(to, url).href, undefined];
    }
  }

  #headers(url: string): Record<string, string> {
    const isProvider = new URL(url).pathname.startsWith(providerPath);
    const cookie = [...(isProvider ? this.#atProvider : this.cookies)]
      .map(([name, value]) => `${name}=${value}`)
      .join('; ');
    return { cookie, 'accept-language': this.language, 'user-agent': this.userAgent };
  }

  #keep(answer: Response): void {
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const jar = new RegExp(`;\\s*path=${providerPath}`, 'i').test(line) ? this.#atProvider : this.cookies;
      if (/;\s*max-age=0/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
  }
}
