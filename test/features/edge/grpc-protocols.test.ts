import { randomUUID } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Code, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import grpc from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AuthService,
  type ValidateTokenResponse,
  ValidateTokenRequestSchema,
  ValidateTokenResponseSchema,
} from '../../../src/grpc/generated/auth_pb.ts';
import { ErrorInfoSchema, RequestInfoSchema } from '../../../src/grpc/generated/google/rpc/error_details_pb.ts';
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from '../../../src/grpc/generated/grpc/health/v1/health_pb.ts';
import { type EdgeWorld, linkedCustomer, openEdge } from '../../support/edge-world.ts';
import { failureOf, serviceToken } from '../../support/grpc-callers.ts';

let edge: EdgeWorld;
const subject = randomUUID();
let customerId = '';
beforeAll(async () => {
  edge = await openEdge();
  customerId = await linkedCustomer(edge, subject);
});
afterAll(() => edge.stop());

const transports: [name: string, transport: (baseUrl: string) => Transport][] = [
  ['plain gRPC', (baseUrl) => createGrpcTransport({ baseUrl })],
  ['gRPC-web', (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '2' })],
  ['Connect', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2' })],
  ['Connect with JSON', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2', useBinaryFormat: false })],
];

describe.each(transports)('a service that speaks %s (design, decision 21)', (_name, transport) => {
  const auth = () => createClient(AuthService, transport(edge.running.grpcUrl ?? ''));

  test('learns whose a token is, and what its owner may', async () => {
    const headers = { authorization: `Bearer ${await serviceToken(edge, 'auth:validate')}` };
    const sid = randomUUID();
    const accessToken = await edge.token(subject, { claims: { sid, acr: '1' } });

    const checked = await auth().validateToken({ accessToken }, { headers });

    expect(checked).toMatchObject({
      valid: true,
      reason: '',
      customerId,
      subject,
      sessionId: sid,
      permissions: ['customer:self'],
      emailVerified: true,
      checkoutAllowed: true,
      acr: '1',
    });
  });

  test('is refused without a token, with its word for programs and the id of the request', async () => {
    const refused = await failureOf(auth().validateToken({ accessToken: 'x' }));

    expect(refused).toMatchObject({ code: Code.Unauthenticated, rawMessage: 'Sign in first.' });
    expect(refused.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: 'UNAUTHENTICATED', domain: 'client' }]);
    const [info] = refused.findDetails(RequestInfoSchema);
    expect(info?.requestId).toBe(refused.metadata.get('x-request-id'));
  });

  test.each(['auth:login', 'customer:read'])('is refused with the permission %s alone', async (permission) => {
    const headers = { authorization: `Bearer ${await serviceToken(edge, permission)}` };

    const refused = await failureOf(auth().validateToken({ accessToken: 'x' }, { headers }));

    expect(refused.code).toBe(Code.PermissionDenied);
    expect(refused.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: 'FORBIDDEN' }]);
  });

  test('may not send more than 64 KB', async () => {
    const headers = { authorization: `Bearer ${await serviceToken(edge, 'auth:validate')}` };

    const refused = await failureOf(auth().validateToken({ accessToken: 'x'.repeat(65 * 1024) }, { headers }));

    expect(refused.code).toBe(Code.ResourceExhausted);
  });

  test('asks for the health without a token', async () => {
    const health = createClient(Health, transport(edge.running.grpcUrl ?? ''));

    expect(await health.check({})).toMatchObject({ status: Status.SERVING });
    expect(await health.check({ service: AuthService.typeName })).toMatchObject({ status: Status.SERVING });
    expect((await failureOf(health.check({ service: 'another' }))).code).toBe(Code.NotFound);
  });
});

describe('a client of another make', () => {
  test('is answered as well', async () => {
    const address = new URL(edge.running.grpcUrl ?? '').host;
    const client = new grpc.Client(address, grpc.credentials.createInsecure());
    const metadata = new grpc.Metadata();
    metadata.set('authorization', `Bearer ${await serviceToken(edge, 'auth:validate')}`);
    const request = create(ValidateTokenRequestSchema, { accessToken: await edge.token(subject) });

    const answer = await new Promise<ValidateTokenResponse | undefined>((resolve, reject) => {
      client.makeUnaryRequest(
        `/${AuthService.typeName}/ValidateToken`,
        (value: typeof request) => Buffer.from(toBinary(ValidateTokenRequestSchema, value)),
        (bytes) => fromBinary(ValidateTokenResponseSchema, bytes),
        request,
        metadata,
        (error, value) => (error ? reject(error) : resolve(value)),
      );
    });

    expect(answer).toMatchObject({ valid: true, customerId });
    client.close();
  });
});

describe('what operators see of calls (spec §5)', () => {
  test('calls are counted by method and status', async () => {
    const metrics = await (await fetch(`${edge.running.adminUrl}/metrics`)).text();

    expect(metrics).toMatch(
      /customers_grpc_calls_total\{method="customer.auth.v1.AuthService\/ValidateToken",status="Ok"\} [1-9]/,
    );
    expect(metrics).toMatch(/status="PermissionDenied"\} [1-9]/);
    expect(metrics).toMatch(/status="ResourceExhausted"\} [1-9]/);
  });

  test('no token and no address reaches the log', () => {
    expect(edge.log()).not.toMatch(/eyJ|@example|Bearer/);
  });
});
