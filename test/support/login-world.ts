import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type Client, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import type { Ctx } from '../../src/context.ts';
import { AuthService } from '../../src/grpc/generated/auth_pb.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { type Revocations, watchRevocations } from '../../src/platform/revocations.ts';
import { createTokenVerifier } from '../../src/platform/token-verifier.ts';
import { createGrpcServer, type GrpcServer } from '../../src/server/grpc.ts';
import { createRateLimits } from '../../src/platform/rate-limits.ts';
import { SessionWorld } from './session-world.ts';

/** Limits of one process, as the service has them while Redis is away. */
const lonely = { eval: () => Promise.reject(new Error('away')) } as never;

/** Services that sign customers in over gRPC: our listener over the records and the provider of a {@link SessionWorld}. */
export class LoginWorld {
  readonly sessions = new SessionWorld();
  readonly redirectUri = 'https://app.example/back';
  #revocations!: Revocations;
  #server!: GrpcServer;
  auth!: Client<typeof AuthService>;

  async start(refusalMs = 0): Promise<void> {
    await this.sessions.start();
    const { provider, databaseUrl } = this.sessions;
    const ctx = this.sessions.replica(0).ctx(undefined);
    const { clientId, clientSecret, publicClientId, issuer } = provider;
    const clients = new Map([
      [clientId, clientSecret],
      [publicClientId, undefined],
    ]);
    const listed = [clientId, publicClientId];
    const config = { ...ctx.config, login: { clients, refusalMs } };
    const limits = createRateLimits(lonely, config.keys.token, ctx.clock);
    const parts: Ctx = { ...ctx, config, limits };
    this.#revocations = await watchRevocations(databaseUrl, parts.clock, parts.log);
    const keysUrl = `${issuer}/protocol/openid-connect/certs`;
    const access = { issuer, keysUrl, audience: 'customer-api', clients: listed };
    this.#server = await createGrpcServer({
      parts,
      metrics: createMetrics(),
      verifier: createTokenVerifier(access, parts.clock),
      revocations: this.#revocations,
      contextFor: (actor, request) => Promise.resolve({ ...parts, actor, request }),
    });
    await new Promise<void>((done) => this.#server.server.listen(0, '127.0.0.1', done));
    const { port } = this.#server.server.address() as AddressInfo;
    this.auth = createClient(AuthService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }));
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    await this.#revocations.stop();
    await this.sessions.stop();
  }

  /** The header of a service that holds these permissions. */
  async caller(...roles: string[]): Promise<{ headers: { authorization: string } }> {
    return { headers: { authorization: `Bearer ${await this.callerToken(roles)}` } };
  }

  callerToken(roles: string[], claims: Record<string, unknown> = {}): Promise<string> {
    const { provider } = this.sessions;
    const iat = Math.floor(Date.now() / 1000);
    const whose = { iss: provider.issuer, sub: randomUUID(), azp: provider.clientId, client_id: provider.clientId };
    const access = { 'customer-api': { roles } };
    const rest = { typ: 'Bearer', aud: ['customer-api'], iat, exp: iat + 7200, resource_access: access };
    return provider.sign({ ...whose, ...rest, ...claims });
  }

  /** What an app brings back from the provider after its customer has signed in there. */
  async code(
    clientId = this.sessions.provider.publicClientId,
  ): Promise<{ code: string; codeVerifier: string; redirectUri: string }> {
    const codeVerifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(codeVerifier).digest('base64url');
    const { redirectUri } = this;
    const asked = { client_id: clientId, redirect_uri: redirectUri, state: 'x', nonce: 'n', code_challenge: challenge };
    const query = new URLSearchParams({ ...asked, code_challenge_method: 'S256' });
    const address = `${this.sessions.provider.issuer}/protocol/openid-connect/auth?${query.toString()}`;
    const { headers } = await fetch(address, { redirect: 'manual' });
    const code = new URL(headers.get('location') ?? '').searchParams.get('code') ?? '';
    return { code, codeVerifier, redirectUri };
  }
}
