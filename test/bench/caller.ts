import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { AuthService } from '../../src/grpc/generated/auth_pb.ts';

/** What the caller is told before it begins. */
export interface CallerSetup {
  readonly emptyUrl: string;
  readonly url: string;
  readonly authorization: string;
  readonly tokens: readonly string[];
}

/** One round of calls, and what it is of. */
export interface Round {
  readonly kind: 'empty' | 'nothing' | 'validate';
  readonly milliseconds: number;
  readonly atATime: number;
}

/** How a round went. */
export interface RoundDone {
  readonly calls: number;
  readonly wrong: number;
  /** Of one call, in milliseconds. */
  readonly times: readonly number[];
}

type Call = (n: number) => Promise<boolean>;

function callsOf({ emptyUrl, url, authorization, tokens }: CallerSetup): Record<Round['kind'], Call> {
  const headers = { authorization };
  const empty = createClient(AuthService, createGrpcTransport({ baseUrl: emptyUrl }));
  const auth = createClient(AuthService, createGrpcTransport({ baseUrl: url }));
  return {
    empty: async () => Boolean(await empty.logout({})),
    nothing: async () => !(await auth.validateToken({}, { headers })).valid,
    validate: async (n) => {
      const accessToken = tokens[n % tokens.length] ?? '';
      return (await auth.validateToken({ accessToken }, { headers })).valid;
    },
  };
}

async function run(call: Call, { milliseconds, atATime }: Round): Promise<RoundDone> {
  const until = performance.now() + milliseconds;
  const times: number[] = [];
  let [n, wrong] = [0, 0];
  const loop = async (): Promise<void> => {
    while (performance.now() < until) {
      const began = performance.now();
      const isRight = await call((n += 1)).catch(() => false);
      times.push(performance.now() - began);
      if (!isRight) wrong += 1;
    }
  };
  await Promise.all(Array.from({ length: atATime }, loop));
  return { calls: times.length, wrong, times };
}

let calls: ReturnType<typeof callsOf> | undefined;
process.on('message', (message: { setup: CallerSetup } | { round: Round }) => {
  if ('setup' in message) calls = callsOf(message.setup);
  else if (calls) void run(calls[message.round.kind], message.round).then((done) => process.send?.(done));
});
