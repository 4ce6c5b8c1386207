import { createHash, randomBytes } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { Endpoints } from '../../local/endpoints.ts';
import type { Person } from './people.ts';
import { codeOf, type PersonWithApp } from './second-factors.ts';
import { type Page, Visitor } from './visitor.ts';

/** The cookie by which Keycloak knows a browser that is trusted. */
export const deviceCookie = 'CUSTOMER_TRUSTED_DEVICE';
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0';

/** The level of the session that a browser has at our service; undefined without one. */
export function levelOf({ cookies }: Visitor): string | undefined {
  const token = cookies.get('__Host-access');
  return token && decodeJwt<{ acr: string }>(token).acr;
}

/** A browser that keeps what it was trusted with, and nothing of any session. */
export function laterIn({ cookies }: Visitor): Visitor {
  const later = new Visitor('en', firefox);
  const kept = cookies.get(deviceCookie);
  if (kept !== undefined) later.cookies.set(deviceCookie, kept);
  return later;
}

/** Sign-ins of customers with an authenticator app, whose codes each count once. */
export class TrustingVisits {
  readonly #publicUrl: string;
  readonly #endpoints: Endpoints;
  readonly #used = new Map<string, Set<string>>();

  constructor(publicUrl: string, endpoints: Endpoints) {
    this.#publicUrl = publicUrl;
    this.#endpoints = endpoints;
  }

  /** As far as the password leads. */
  async givePassword(visitor: Visitor, { email, password }: Person, path = '/auth/login'): Promise<Page> {
    const page = await visitor.open(`${this.#publicUrl}${path}`);
    return visitor.submit(page, { username: email, password });
  }

  /** A code that was not used before: the clock of a phone may be half a minute off. */
  async freshCode({ email, secret }: PersonWithApp): Promise<string> {
    const used = this.#used.get(email) ?? new Set();
    this.#used.set(email, used);
    for (;;) {
      const now = Date.now();
      const code = [now - 25_000, now, now + 25_000].map((at) => codeOf(secret, at)).find((one) => !used.has(one));
      if (code) {
        used.add(code);
        return code;
      }
      await new Promise((done) => {
        setTimeout(done, 30_000 - (now % 30_000) + 50);
      });
    }
  }

  /** Signs in with the code, in a browser that she does not trust. */
  async signIn(person: PersonWithApp, visitor = new Visitor()): Promise<Visitor> {
    await visitor.submit(await this.givePassword(visitor, person), { otp: await this.freshCode(person) });
    return visitor;
  }

  /** Signs in with the code in a browser that she trusts from then on. */
  async trusting(person: PersonWithApp, visitor = new Visitor('en', firefox)): Promise<Visitor> {
    const otp = await this.freshCode(person);
    await visitor.submit(await this.givePassword(visitor, person), { otp, trustDevice: 'on' });
    return visitor;
  }

  /** Whether her code is asked for after the password in a browser. */
  async isAsked(visitor: Visitor, person: Person, path?: string): Promise<boolean> {
    return (await this.givePassword(visitor, person, path)).text.includes('name="otp"');
  }

  /** Keycloak's own page for a client of its own, or for something to do with the account. */
  authorization(clientId: string, more: Record<string, string> = {}): string {
    const { keycloak } = this.#endpoints;
    const realm = `${keycloak.url}/realms/${keycloak.realm}`;
    const ours = clientId === 'customer-bff';
    const query = new URLSearchParams({
      client_id: clientId,
      redirect_uri: ours ? `${this.#publicUrl}/auth/callback` : `${realm}/account/`,
      response_type: 'code',
      scope: 'openid',
      state: 'x',
      code_challenge: createHash('sha256').update(randomBytes(32)).digest('base64url'),
      code_challenge_method: 'S256',
      ...more,
    });
    return `${realm}/protocol/openid-connect/auth?${query.toString()}`;
  }
}
