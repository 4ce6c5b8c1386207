import { type Client, Code, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, afterEach, beforeAll, describe, expect, type MockInstance, test, vi } from 'vitest';
import { AuthService } from '../../../src/grpc/generated/auth_pb.ts';
import { ErrorInfoSchema, RetryInfoSchema } from '../../../src/grpc/generated/google/rpc/error_details_pb.ts';
import { Health } from '../../../src/grpc/generated/grpc/health/v1/health_pb.ts';
import { ServerReflection } from '../../../src/grpc/generated/grpc/reflection/v1/reflection_pb.ts';
import { type EdgeWorld, openEdge, tokenOfCustomer } from '../../support/edge-world.ts';
import { failureOf, serviceToken } from '../../support/grpc-callers.ts';

let edge: EdgeWorld;
let auth: Client<typeof AuthService>;
let headers: Record<string, string>;
beforeAll(async () => {
  edge = await openEdge();
  auth = createClient(AuthService, createGrpcTransport({ baseUrl: edge.running.grpcUrl ?? '' }));
  headers = { authorization: `Bearer ${await serviceToken(edge, 'auth:validate', 'auth:login')}` };
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => edge.stop());

/** A token whose account must be read. */
async function fresh(): Promise<{ accessToken: string }> {
  return { accessToken: await tokenOfCustomer(edge) };
}

/** Questions to the database. */
function questionsTo({ running }: EdgeWorld): MockInstance {
  return vi.spyOn(running.parts.pool, 'query') as MockInstance;
}

/** The next question to the database ends so. */
function databaseDoes(once: () => Promise<never>): void {
  questionsTo(edge).mockImplementationOnce(once);
}

describe('a call that fails (ASVS 16.5)', () => {
  test('for a fault of ours says nothing of it, and is logged without what was in it', async () => {
    const request = await fresh();
    databaseDoes(() => Promise.reject(new Error('ada@example.org is too long')));

    const failed = await failureOf(auth.validateToken(request, { headers }));

    expect(failed).toMatchObject({ code: Code.Internal, rawMessage: 'Something went wrong.' });
    expect(failed.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: 'INTERNAL_SERVER_ERROR' }]);
    expect(edge.log()).toContain('call failed');
    expect(edge.log()).toContain(failed.metadata.get('x-request-id'));
    expect(edge.log()).not.toContain('ada@');
  });

  test('for a database that is away says so, and when to come again', async () => {
    const request = await fresh();
    databaseDoes(() => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })));

    const failed = await failureOf(auth.validateToken(request, { headers }));

    expect(failed.code).toBe(Code.Unavailable);
    expect(failed.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: 'PROVIDER_UNAVAILABLE' }]);
    expect(failed.findDetails(RetryInfoSchema)[0]?.retryDelay?.seconds).toBe(2n);
  });

  test('for its time ends then, ours when the caller sets none', async () => {
    const request = await fresh();
    const began = performance.now();
    databaseDoes(() => new Promise(() => undefined));
    const early = await failureOf(auth.validateToken(request, { headers: { ...headers, 'grpc-timeout': '200m' } }));
    const earlyMs = performance.now() - began;
    databaseDoes(() => new Promise(() => undefined));

    const late = await failureOf(auth.validateToken(request, { headers }));

    expect([early.code, late.code]).toEqual([Code.DeadlineExceeded, Code.DeadlineExceeded]);
    expect(earlyMs).toBeLessThan(3000);
    expect(performance.now() - began - earlyMs).toBeGreaterThan(4900);
  });

  test('for a name that nobody has is not implemented', async () => {
    const url = `${edge.running.grpcUrl}`;
    const nobody = { ...AuthService, typeName: 'customer.auth.v1.Nobody' };
    const methods = AuthService.methods.map((method) => ({ ...method, parent: nobody }));
    const method = Object.fromEntries(methods.map((one) => [one.localName, one]));
    const client = createClient(
      { ...nobody, methods, method } as unknown as typeof AuthService,
      createGrpcTransport({ baseUrl: url }),
    );

    expect((await failureOf(client.logout({}, { headers }))).code).toBe(Code.Unimplemented);
  });

  test('is refused when its credentials stand twice', async () => {
    const both = new Headers(headers);
    both.append('authorization', headers['authorization'] ?? '');

    expect((await failureOf(auth.validateToken(await fresh(), { headers: both }))).code).toBe(Code.Unauthenticated);
  });
});

async function* listing(): AsyncGenerator<{ messageRequest: { case: 'listServices'; value: string } }> {
  yield await Promise.resolve({ messageRequest: { case: 'listServices' as const, value: '' } });
}

describe('what there is to call', () => {
  test('is told to tools outside production', async () => {
    const reflection = createClient(ServerReflection, createGrpcTransport({ baseUrl: edge.running.grpcUrl ?? '' }));
    async function* wishes() {
      yield { messageRequest: { case: 'listServices' as const, value: '' } };
      yield { messageRequest: { case: 'fileContainingSymbol' as const, value: `${AuthService.typeName}.Login` } };
      yield { messageRequest: { case: 'fileByFilename' as const, value: 'google/protobuf/timestamp.proto' } };
      yield { messageRequest: { case: 'fileContainingSymbol' as const, value: 'no.such.Thing' } };
      await Promise.resolve();
    }

    const answers = await Array.fromAsync(reflection.serverReflectionInfo(wishes()));

    expect(answers.map(({ messageResponse }) => messageResponse)).toMatchObject([
      {
        value: {
          service: [{ name: AuthService.typeName }, { name: Health.typeName }, { name: ServerReflection.typeName }],
        },
      },
      { case: 'fileDescriptorResponse', value: { fileDescriptorProto: { length: 2 } } },
      { case: 'fileDescriptorResponse', value: { fileDescriptorProto: { length: 1 } } },
      { case: 'errorResponse', value: { errorCode: Code.NotFound } },
    ]);
  });

  test('is not told in production', async () => {
    const production = await openEdge({ NODE_ENV: 'production' });
    const reflection = createClient(
      ServerReflection,
      createGrpcTransport({ baseUrl: production.running.grpcUrl ?? '' }),
    );

    const refused = await failureOf(Array.fromAsync(reflection.serverReflectionInfo(listing())));

    expect(refused.code).toBe(Code.Unimplemented);
    await production.stop();
  });
});

describe('a replica that stops', () => {
  test('answers what was asked before, and takes nothing more', async () => {
    const going = await openEdge();
    const client = createClient(AuthService, createGrpcTransport({ baseUrl: going.running.grpcUrl ?? '' }));
    const caller = { authorization: `Bearer ${await serviceToken(going, 'auth:validate')}` };
    const accessToken = await tokenOfCustomer(going);
    const { pool } = going.running.parts;
    const query: (given: string) => Promise<unknown> = pool.query.bind(pool);
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((told) => {
      questionsTo(going).mockImplementationOnce((given: string) => {
        told();
        return new Promise<void>((resolve) => (answer = resolve)).then(() => query(given));
      });
    });
    const underWay = client.validateToken({ accessToken }, { headers: caller });
    await asked;

    const stopped = going.stop();
    await expect
      .poll(async () => (await failureOf(client.validateToken({ accessToken }, { headers: caller }))).code)
      .toBe(Code.Unavailable);
    answer();

    expect(await underWay).toMatchObject({ valid: true });
    await stopped;
  });
});
