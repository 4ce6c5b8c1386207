import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { KeycloakUsers } from '../../src/platform/keycloak.ts';

/** A user as the double keeps it: Keycloak's own representation, the part we use. */
export interface DoubleUser {
  id: string;
  username: string;
  email: string;
  emailVerified: boolean;
  enabled: boolean;
  firstName?: string;
  lastName?: string;
  createdTimestamp: number;
  requiredActions: string[];
  serviceAccountClientId?: string;
  attributes: Record<string, string[]>;
  /** Of the realm. */
  roles?: string[];
  sessions?: { id: string; start: number }[];
  credentials?: { id: string; type: string; userLabel?: string; createdDate?: number }[];
  federatedIdentities?: { identityProvider: string; userId: string }[];
}

/**
 * Stands for Keycloak in tests that run without it. It speaks the dozen calls of the admin API that our service makes,
 * over HTTP and with a service token, and keeps users in memory: addresses are unique without case, a write with
 * attributes replaces them, what a password would do is absent. It sends no events, renders no page, signs nobody in,
 * and its token is a random word. What only the real one can show is in test/identity.
 */
export interface KeycloakDouble {
  readonly url: string;
  readonly users: Map<string, DoubleUser>;
  /** Ids of users to whom a link would have been mailed, in order. */
  readonly mails: { userId: string; redirectUri: string; clientId: string; actions: string[] }[];
  /** `METHOD /path` of every admin call. */
  readonly calls: string[];
  readonly tokensGiven: number;
  readonly loggedOut: string[];
  readonly endedSessions: string[];
  /** `down` drops connections, `hung` never answers, `no-mail` fails to send mails, as does a broken SMTP server. */
  mode: 'up' | 'down' | 'hung' | 'no-mail';
  /** The realm's rules: the fields of a written user that they forbid. */
  forbids: (user: Partial<DoubleUser>) => readonly string[];
  /** As an admin would in the console. */
  add(user: Partial<DoubleUser> & { email: string }): DoubleUser;
  /** How the service reaches it. */
  readonly access: ConstructorParameters<typeof KeycloakUsers>[0];
  /** Every token given so far is refused from now on. */
  forgetToken(): void;
  stop(): Promise<void>;
}

interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}
const nothing: Reply = { status: 404, body: { error: 'User not found' } };

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** An attribute without a value goes, and so does one that is left out, but the note of an address that waits there. */
function attributesAfter(before: DoubleUser['attributes'], body: DoubleUser['attributes']): DoubleUser['attributes'] {
  const { 'kc.email.pending': note } = before;
  const all = { ...(note ? { 'kc.email.pending': note } : {}), ...body };
  return Object.fromEntries(Object.entries(all).filter(([, values]) => values.some(Boolean)));
}

class Users {
  readonly all = new Map<string, DoubleUser>();

  find(email: string): DoubleUser | undefined {
    return [...this.all.values()].find((user) => user.email.toLowerCase() === email.toLowerCase());
  }

  add(given: Partial<DoubleUser> & { email: string }): DoubleUser {
    const user: DoubleUser = {
      id: randomUUID(),
      username: given.email.toLowerCase(),
      emailVerified: false,
      enabled: true,
      createdTimestamp: Date.now(),
      requiredActions: [],
      attributes: {},
      ...given,
    };
    this.all.set(user.id, user);
    return user;
  }

  query(params: URLSearchParams): Reply {
    const email = params.get('email');
    if (email !== null) return { status: 200, body: [this.find(email)].filter(Boolean) };
    const first = Number(params.get('first') ?? 0);
    const people = [...this.all.values()].filter((user) => !user.serviceAccountClientId);
    return { status: 200, body: people.slice(first, first + Number(params.get('max') ?? 100)) };
  }

  create(body: Partial<DoubleUser> & { email: string }): Reply {
    if (this.find(body.email)) return { status: 409, body: { errorMessage: 'User exists with same email' } };
    const { id } = this.add(body);
    return { status: 201, headers: { location: `http://double/admin/realms/customer/users/${id}` } };
  }

  write(user: DoubleUser, body: Partial<DoubleUser>): Reply {
    const other = body.email === undefined ? undefined : this.find(body.email);
    if (other && other !== user) return { status: 409, body: { errorMessage: 'User exists with same email' } };
    const attributes = body.attributes ? attributesAfter(user.attributes, body.attributes) : user.attributes;
    Object.assign(user, body, { email: (body.email ?? user.email).toLowerCase(), attributes });
    return { status: 204 };
  }

  /** What a user signs in with. */
  means(method: string, user: DoubleUser, kind: string, id: string | undefined): Reply {
    const { credentials = [], federatedIdentities = [] } = user;
    if (method !== 'DELETE') return { status: 200, body: kind === 'credentials' ? credentials : federatedIdentities };
    user.credentials = credentials.filter((one) => kind !== 'credentials' || one.id !== id);
    user.federatedIdentities = federatedIdentities.filter(
      (one) => kind === 'credentials' || one.identityProvider !== id,
    );
    return { status: 204 };
  }
}

const secretOfDoubles = 'service-secret-of-the-double-0123456789';

/** As our service account sees them, which may not see those of clients. */
function rolesOf({ roles = ['customer'] }: DoubleUser, path: string): Reply {
  if (!path.endsWith('/role-mappings/realm/composite')) return { status: 403 };
  return { status: 200, body: roles.map((name) => ({ name })) };
}

class Double implements Omit<KeycloakDouble, 'url' | 'access' | 'stop'> {
  readonly #people = new Users();
  readonly users = this.#people.all;
  readonly mails: KeycloakDouble['mails'] = [];
  readonly calls: string[] = [];
  readonly loggedOut: string[] = [];
  readonly endedSessions: string[] = [];
  mode: KeycloakDouble['mode'] = 'up';
  forbids: KeycloakDouble['forbids'] = () => [];
  tokensGiven = 0;
  #token: string = randomUUID();

  add(user: Partial<DoubleUser> & { email: string }): DoubleUser {
    return this.#people.add(user);
  }

  forgetToken(): void {
    this.#token = randomUUID();
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request);
    if (this.mode === 'down') request.socket.destroy();
    if (this.mode === 'down' || this.mode === 'hung') return;
    const reply = this.#reply(request, new URL(request.url ?? '/', 'http://double'), body);
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
  }

  #reply({ method = 'GET', headers }: IncomingMessage, url: URL, body: string): Reply {
    if (url.pathname.endsWith('/token')) return this.#tokenFor(body);
    this.calls.push(`${method} ${url.pathname.split('/').slice(4).join('/')}`);
    if (headers.authorization !== `Bearer ${this.#token}`) return { status: 401 };
    const [collection, id, action = ''] = url.pathname.split('/').slice(4);
    if (collection === 'sessions') return { status: this.endedSessions.push(id ?? '') ? 204 : 404 };
    if (!id) {
      return method === 'POST'
        ? this.#people.create(JSON.parse(body) as DoubleUser)
        : this.#people.query(url.searchParams);
    }
    const user = this.users.get(id);
    if (!user) return nothing;
    return collection === 'conditional-users'
      ? this.#writeIfSeen(user, JSON.parse(body) as { seen: Partial<DoubleUser>; wanted: Partial<DoubleUser> })
      : this.#ofUser(method, user, action, url, body);
  }

  #ofUser(method: string, user: DoubleUser, action: string, url: URL, body: string): Reply {
    if (action === 'role-mappings') return rolesOf(user, url.pathname);
    if (action === 'sessions') return { status: 200, body: user.sessions ?? [] };
    if (action === 'credentials' || action === 'federated-identity')
      return this.#people.means(method, user, action, url.pathname.split('/')[7]);
    if (method === 'GET') return { status: 200, body: user };
    if (method === 'DELETE') return { status: this.users.delete(user.id) ? 204 : 404 };
    if (action === 'logout') return { status: this.loggedOut.push(user.id) ? 204 : 404 };
    if (action !== 'execute-actions-email') return this.#write(user, JSON.parse(body) as Partial<DoubleUser>);
    if (this.mode === 'no-mail') return { status: 500, body: { errorMessage: 'Failed to send execute actions email' } };
    const [redirectUri, clientId] = [url.searchParams.get('redirect_uri'), url.searchParams.get('client_id')];
    const actions = JSON.parse(body) as string[];
    this.mails.push({ userId: user.id, redirectUri: redirectUri ?? '', clientId: clientId ?? '', actions });
    return { status: 204 };
  }

  /** As the resource of our jar: what is written must be as it was read. */
  #writeIfSeen(user: DoubleUser, { seen, wanted }: Record<'seen' | 'wanted', Partial<DoubleUser>>): Reply {
    const same = (Object.keys(wanted) as (keyof DoubleUser)[]).every((name) =>
      isDeepStrictEqual(user[name] || undefined, seen[name] || undefined),
    );
    return same ? this.#write(user, wanted) : { status: 412 };
  }

  /** Taken whole or not at all; one complaint stands alone, several in a list. */
  #write(user: DoubleUser, body: Partial<DoubleUser>): Reply {
    const errors = this.forbids(body).map((field) => ({ field, errorMessage: 'error-invalid-value', params: [field] }));
    if (!errors.length) return this.#people.write(user, body);
    return { status: 400, body: errors.length === 1 ? errors[0] : { errors } };
  }

  #tokenFor(body: string): Reply {
    const known = new URLSearchParams(body).get('client_secret') === secretOfDoubles;
    if (!known) return { status: 401, body: { error: 'unauthorized_client' } };
    this.tokensGiven++;
    return { status: 200, body: { access_token: this.#token, expires_in: 300 } };
  }
}

/** Starts a double on a free port of the loopback address. */
export async function startKeycloakDouble(): Promise<KeycloakDouble> {
  const double = new Double();
  const server = createServer((request, response) => {
    double.serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const stop = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const access = {
    url,
    realm: 'customer',
    timeoutSeconds: 1,
    service: { id: 'customer-service', secret: secretOfDoubles },
    bff: { id: 'customer-bff' },
  };
  return Object.assign(double, { url, access, stop });
}
