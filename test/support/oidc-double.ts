import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** Who signs in at the double. */
export interface DoubleUser {
  sub: string;
  claims: Record<string, unknown>;
  permissions: string[];
}

interface Code {
  challenge: string;
  nonce: string;
  sid: string;
  redirect: string;
  fresh: boolean;
  acr: string;
}

interface Session {
  user: DoubleUser;
  /** The only refresh token that counts; a used one ends the session, as Keycloak's rotation does. */
  current: string;
  used: Set<string>;
  live: boolean;
  fresh: boolean;
  acr: string;
}

const body = async (request: IncomingMessage): Promise<URLSearchParams> => {
  let text = '';
  for await (const part of request) text += String(part);
  return new URLSearchParams(text);
};

/**
 * An OpenID provider that speaks as much of the protocol as our browsers' client needs, strictly: PKCE S256, exact
 * redirect, single-use codes, rotation with reuse detection. Faults are switched on from the test.
 */
export class OidcDouble {
  readonly clientId = 'customer-bff';
  readonly clientSecret = 'a-secret-that-is-only-for-this-test-run';
  readonly calls = { code: 0, refresh: 0, logout: 0, certs: 0 };
  user: DoubleUser = { sub: randomUUID(), claims: {}, permissions: ['customer:self'] };
  fault: 'none' | 'down' | 'hangs' | 'answer-lost' = 'none';
  /** Whether the browser is still signed in there, for `prompt=none`. */
  browserSid: string | undefined;
  accessSeconds = 300;
  /** How long ago somebody who is not asked anew proved who she is, in seconds. */
  proofAge = 0;
  /** Whether it asks anew when it is told to. */
  obedient = true;
  /** The level she signs in with when none is asked for. */
  usual = '1';
  /** The level she can reach when it is asked for. */
  strongest = '1';
  /** Whether it is her password that she gives when she is asked anew. */
  givesPassword = false;
  /** How an action of her account ends there; whoever comes back from one may be somebody else. */
  actionEnds = 'success';
  delayMs = 0;
  /** A client that has no secret. */
  readonly publicClientId = 'shop-app';
  /** What the user signs in with by direct grant. */
  password = 'correct horse battery';
  /** Her second factors, and the code that is good; the double asks for it as our step in Keycloak does. */
  factors: { methods: string[]; otp: string } | undefined;
  /** Whether direct grants are allowed at all. */
  direct = true;
  /** The forms of direct grants. */
  readonly grants: URLSearchParams[] = [];
  readonly #codes = new Map<string, Code>();
  readonly #sessions = new Map<string, Session>();
  readonly #server = createServer(
    (request, response) => void this.#answer(request, response).catch(() => response.destroy()),
  );
  #keys!: Awaited<ReturnType<typeof generateKeyPair>>;
  url = '';

  get issuer(): string {
    return `${this.url}/realms/customer`;
  }

  async start(): Promise<this> {
    this.#keys = await generateKeyPair('RS256', { extractable: true });
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** Signs whatever a test wants the provider to say. */
  sign(payload: JWTPayload, typ = 'JWT', alg = 'RS256'): Promise<string> {
    return new SignJWT(payload).setProtectedHeader({ alg, typ, kid: 'double' }).sign(this.#keys.privateKey);
  }

  /** A back-channel logout token as Keycloak writes it; `over` replaces claims, undefined takes one away. */
  logoutToken(sid: string, over: Record<string, unknown> = {}, typ = 'logout+jwt'): Promise<string> {
    const iat = Math.floor(Date.now() / 1000);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const all = {
      iss: this.issuer,
      aud: this.clientId,
      iat,
      exp: iat + 60,
      jti: randomUUID(),
      sub: this.user.sub,
      sid,
      events,
      ...over,
    };
    return this.sign(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)), typ);
  }

  isLive(sid: string): boolean {
    return this.#sessions.get(sid)?.live === true;
  }

  /** Ends a session there without telling anybody. */
  endHere(sid: string): void {
    const session = this.#sessions.get(sid);
    if (session) session.live = false;
    this.browserSid = undefined;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = new URL(request.url ?? '/', this.url);
    const name = address.pathname.replace('/realms/customer/protocol/openid-connect/', '');
    if (this.fault === 'hangs') return;
    if (this.fault === 'down') return this.#send(response, 503, { error: 'temporarily_unavailable' });
    if (name.endsWith('/openid-configuration')) return this.#send(response, 200, this.#metadata());
    if (name === 'auth') return this.#authorize(address, response);
    if (name === 'certs') return this.#certs(response);
    if (name === 'logout') return this.#logout(await body(request), response);
    if (name === 'token') return this.#token(request, response);
    return this.#send(response, 404, {});
  }

  #send(response: ServerResponse, status: number, json: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  }

  async #certs(response: ServerResponse): Promise<void> {
    this.calls.certs += 1;
    const key = await exportJWK(this.#keys.publicKey);
    this.#send(response, 200, { keys: [{ ...key, kid: 'double', use: 'sig', alg: 'RS256' }] });
  }

  /** For whoever does not know the addresses. */
  #metadata(): object {
    const at = (name: string): string => `${this.issuer}/protocol/openid-connect/${name}`;
    return {
      issuer: this.issuer,
      authorization_endpoint: at('auth'),
      token_endpoint: at('token'),
      jwks_uri: at('certs'),
      revocation_endpoint: at('revoke'),
      id_token_signing_alg_values_supported: ['RS256'],
      authorization_response_iss_parameter_supported: true,
    };
  }

  #authorize({ searchParams: q }: URL, response: ServerResponse): void {
    const redirect = new URL(q.get('redirect_uri') ?? '');
    const answer = { state: q.get('state') ?? '', iss: this.issuer };
    const go = (more: Record<string, string>): void => {
      redirect.search = new URLSearchParams({ ...answer, ...more }).toString();
      response.writeHead(302, { location: redirect.href }).end();
    };
    if (q.get('code_challenge_method') !== 'S256') return go({ error: 'invalid_request' });
    if (q.get('prompt') === 'none' && !this.browserSid) return go({ error: 'login_required' });
    this.browserSid ??= randomUUID();
    const code = randomUUID();
    const challenge = q.get('code_challenge') ?? '';
    this.#codes.set(code, {
      challenge,
      nonce: q.get('nonce') ?? '',
      sid: this.browserSid,
      redirect: redirect.href,
      fresh: this.obedient && q.get('prompt') === 'login',
      acr: q.get('acr_values') === '2' ? this.strongest : (this.#sessions.get(this.browserSid)?.acr ?? this.usual),
    });
    const ended = q.has('kc_action') ? { kc_action: q.get('kc_action') ?? '', kc_action_status: this.actionEnds } : {};
    return go({ code, session_state: this.browserSid, ...ended });
  }

  async #token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await body(request);
    if (!this.#isClient(form)) return this.#send(response, 401, { error: 'invalid_client' });
    if (this.delayMs) await new Promise((done) => setTimeout(done, this.delayMs));
    if (form.get('grant_type') === 'password') return this.#direct(form, response);
    const isCode = form.get('grant_type') === 'authorization_code';
    this.calls[isCode ? 'code' : 'refresh'] += 1;
    const tokens = isCode ? await this.#byCode(form) : await this.#byRefreshToken(form.get('refresh_token') ?? '');
    if (this.fault === 'answer-lost') return void response.destroy();
    return tokens ? this.#send(response, 200, tokens) : this.#send(response, 400, { error: 'invalid_grant' });
  }

  #isClient(form: URLSearchParams): boolean {
    const [id, secret] = [form.get('client_id'), form.get('client_secret')];
    return (id === this.clientId && secret === this.clientSecret) || (id === this.publicClientId && secret === null);
  }

  async #direct(form: URLSearchParams, response: ServerResponse): Promise<void> {
    this.grants.push(form);
    if (!this.direct) return this.#send(response, 400, { error: 'unauthorized_client' });
    const known = form.get('username') === this.user.claims['email'] && form.get('password') === this.password;
    if (!known) return this.#send(response, 400, { error: 'invalid_grant' });
    const { methods, otp } = this.factors ?? { methods: [], otp: form.get('otp') };
    if (this.factors && !form.get('otp'))
      return this.#send(response, 400, { error: 'mfa_required', mfa_methods: methods });
    if (form.get('otp') !== otp) return this.#send(response, 400, { error: 'invalid_grant' });
    const sid = randomUUID();
    const acr = this.factors ? this.strongest : '1';
    const session = { user: this.user, current: '', used: new Set<string>(), live: true, fresh: true, acr };
    this.#sessions.set(sid, session);
    this.browserSid = sid;
    return this.#send(response, 200, await this.#tokens(sid, 'none', form.get('client_id') ?? ''));
  }

  async #byCode(form: URLSearchParams): Promise<object | undefined> {
    const code = this.#codes.get(form.get('code') ?? '');
    this.#codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!code || code.challenge !== challenge || code.redirect.split('?')[0] !== form.get('redirect_uri'))
      return undefined;
    const session = this.#sessions.get(code.sid) ?? {
      user: this.user,
      current: '',
      used: new Set<string>(),
      live: true,
      fresh: code.fresh,
      acr: code.acr,
    };
    this.#sessions.set(code.sid, { ...session, live: true, fresh: code.fresh, acr: code.acr });
    return this.#tokens(code.sid, code.nonce, form.get('client_id') ?? '');
  }

  async #byRefreshToken(token: string): Promise<object | undefined> {
    const [sid = ''] = token.split('.');
    const session = this.#sessions.get(sid);
    if (!session?.live) return undefined;
    if (session.current !== token) {
      session.live = false;
      return undefined;
    }
    return this.#tokens(sid);
  }

  async #tokens(sid: string, nonce?: string, client = this.clientId): Promise<object> {
    const session = this.#sessions.get(sid);
    if (!session) throw new Error('no session');
    session.current = `${sid}.${randomUUID()}`;
    const iat = Math.floor(Date.now() / 1000);
    const { sub, claims, permissions } = session.user;
    const common = {
      iss: this.issuer,
      sub,
      sid,
      azp: client,
      iat,
      exp: iat + this.accessSeconds,
      auth_time: iat - (session.fresh ? 0 : this.proofAge),
      acr: session.acr,
    };
    const access = {
      ...common,
      typ: 'Bearer',
      aud: ['customer-api'],
      jti: randomUUID(),
      resource_access: { 'customer-api': { roles: permissions } },
    };
    const password = session.fresh && this.givesPassword ? { password_time: iat } : {};
    const id = { ...common, ...password, ...claims, typ: 'ID', aud: client, nonce };
    return {
      token_type: 'Bearer',
      expires_in: this.accessSeconds,
      access_token: await this.sign(access),
      refresh_token: session.current,
      ...(nonce === undefined ? {} : { id_token: await this.sign(id) }),
    };
  }

  #logout(form: URLSearchParams, response: ServerResponse): void {
    this.calls.logout += 1;
    const [sid = ''] = (form.get('refresh_token') ?? '').split('.');
    const session = this.#sessions.get(sid);
    if (session) session.live = false;
    if (this.browserSid === sid) this.browserSid = undefined;
    response.writeHead(session ? 204 : 400).end();
  }
}
