import type { Hono } from 'hono';
import type { RouteEnv } from '../../src/http/route.ts';
import type { Ctx } from '../../src/context.ts';

/** One replica of the service, as a browser reaches it: its routes, and what a request finds there. */
export interface Replica {
  readonly routes: Hono<RouteEnv>;
  /** @param access  the access token that came along */
  readonly ctx: (access: string | undefined) => Ctx;
}

/** What a server answered, read to its end. */
export interface Seen {
  status: number;
  headers: Headers;
  text: string;
}

/** A browser with its cookies. Its tabs share them; redirects are followed only where a test says so. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly origin: string;
  /** Every Set-Cookie line it ever got. */
  readonly lines: string[] = [];

  constructor(origin: string) {
    this.origin = origin;
  }

  /** A second browser with the same cookies: what somebody has who copied them. */
  copy(): Browser {
    const other = new Browser(this.origin);
    for (const [name, value] of this.cookies) other.cookies.set(name, value);
    return other;
  }

  async request(replica: Replica, path: string, init: RequestInit = {}): Promise<Seen> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(cookie ? { cookie } : {}), ...(init.headers as Record<string, string> | undefined) };
    const ctx = replica.ctx(this.cookies.get('__Host-access'));
    const answer = await replica.routes.request(`${this.origin}${path}`, { ...init, headers }, { ctx });
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }

  get(replica: Replica, path: string): Promise<Seen> {
    return this.request(replica, path);
  }

  /** As our own pages post. */
  post(replica: Replica, path: string, headers: Record<string, string> = {}): Promise<Seen> {
    return this.request(replica, path, { method: 'POST', headers: { origin: this.origin, 'x-csrf': '1', ...headers } });
  }

  #keep(line: string): void {
    this.lines.push(line);
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    const name = pair.slice(0, at);
    if (/;\s*max-age=0/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, pair.slice(at + 1));
  }
}

/** Where a redirect leads; fails when it is none. */
export function locationOf({ status, headers }: Pick<Seen, 'status' | 'headers'>): string {
  const to = headers.get('location');
  if (status < 300 || status > 399 || !to) throw new Error(`No redirect, but ${status}.`);
  return to;
}

/** Goes to the provider, which lets everybody in, and comes back with the callback's path. */
export async function atProvider(address: string): Promise<string> {
  const answer = await fetch(address, { redirect: 'manual' });
  const back = new URL(locationOf(answer));
  return `${back.pathname}${back.search}`;
}
