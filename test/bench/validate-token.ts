import { fork } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { startStack } from '../../local/stack.ts';
import { migrate } from '../../src/commands/migrate.ts';
import { nobody } from '../../src/domain/access.ts';
import { AccountStates } from '../../src/features/authentication/account-states.ts';
import { checkToken, type Judge } from '../../src/features/authentication/token-service.ts';
import { AuthService } from '../../src/grpc/generated/auth_pb.ts';
import { type Running, run } from '../../src/main.ts';
import { readConfig } from '../../src/platform/config.ts';
import { createLog } from '../../src/platform/log.ts';
import { watchRevocations } from '../../src/platform/revocations.ts';
import { createTokenVerifier } from '../../src/platform/token-verifier.ts';
import { look } from '../../src/server/viewer.ts';
import { timesOf } from '../support/figures.ts';
import { serviceToken } from '../support/grpc-callers.ts';
import { linkCustomer, startIssuer, type TokenIssuer } from '../support/token-issuer.ts';
import type { CallerSetup, Round, RoundDone } from './caller.ts';

const customers = 1000;
const warmMs = 5000;
const inProcessMs = 5000;
const roundMs = 2000;
const rounds = 6;
const atATime = 16;
const kinds = ['empty', 'nothing', 'validate'] as const;

/** CPU of this process, user and system, in microseconds. */
const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** What one call costs and takes. */
export interface CallCost {
  readonly calls: number;
  readonly wrong: number;
  /** CPU of the server's process a call, in microseconds. */
  readonly cpuMicroseconds: number;
  readonly medianMs: number;
  readonly p95Ms: number;
}

/** What the bench found. */
export interface ValidateTokenFigures {
  readonly inProcess: { readonly calls: number; readonly wrong: number; readonly perCpuSecond: number };
  /** An empty call to a listener that checks nothing. */
  readonly empty: CallCost;
  /** Our call without a token to check: what our door costs. */
  readonly nothing: CallCost;
  readonly validate: CallCost;
}

async function tokensFor({ parts }: Running, issuer: TokenIssuer): Promise<string[]> {
  const tokens: string[] = [];
  for (let n = 0; n < customers; n += 1) {
    const subject = randomUUID();
    await linkCustomer(parts, issuer.issuer, subject);
    tokens.push(await issuer.token(subject));
  }
  return tokens;
}

/** The service function alone, as the door calls it, one after the other. */
async function inProcess({ parts }: Running, issuer: TokenIssuer, tokens: readonly string[]) {
  const { config, clock, log, pool } = parts;
  const keysUrl = `${issuer.issuer}/protocol/openid-connect/certs`;
  const verifier = createTokenVerifier({ issuer: issuer.issuer, keysUrl, ...config.tokens }, clock);
  const revocations = await watchRevocations(config.database.url, clock, log);
  const judge: Judge = (token) => look({ verifier, revocations }, token);
  const accounts = await AccountStates.open(pool, config.database.url, log);
  const request = { id: 'bench', ip: '127.0.0.1', language: 'en', userAgent: '', router: false } as const;
  const ctx = { ...parts, actor: nobody, request };
  const check = async (milliseconds: number): Promise<{ calls: number; wrong: number }> => {
    const until = performance.now() + milliseconds;
    let [calls, wrong] = [0, 0];
    while (performance.now() < until) {
      const checked = await checkToken(ctx, judge, accounts, tokens[calls % tokens.length] ?? '');
      calls += 1;
      if (!('actor' in checked)) wrong += 1;
    }
    return { calls, wrong };
  };
  await check(warmMs);
  const before = cpu();
  const done = await check(inProcessMs);
  const perCpuSecond = (done.calls / (cpu() - before)) * 1_000_000;
  await Promise.all([revocations.stop(), accounts.stop()]);
  return { ...done, perCpuSecond };
}

/** A listener of the same library that does nothing: no check, no metric, no message. */
async function startEmpty(): Promise<{ url: string; stop: () => void }> {
  const adapter = connectNodeAdapter({ routes: (router) => router.service(AuthService, { logout: () => ({}) }) });
  const server = createServer(adapter);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}

interface Sum {
  calls: number;
  wrong: number;
  cpu: number;
  times: number[];
}

const costOf = ({ calls, wrong, cpu: spent, times }: Sum): CallCost => {
  const { median, p95 } = timesOf(times);
  return { calls, wrong, cpuMicroseconds: spent / calls, medianMs: median, p95Ms: p95 };
};

/** All kinds of call in turn, from a process of its own, so that what is measured here is the server's alone. */
async function overGrpc(setup: CallerSetup): Promise<Omit<ValidateTokenFigures, 'inProcess'>> {
  const caller = fork(new URL('caller.ts', import.meta.url));
  const none = (): Sum => ({ calls: 0, wrong: 0, cpu: 0, times: [] });
  const sums: Record<Round['kind'], Sum> = { empty: none(), nothing: none(), validate: none() };
  const round = async (kind: Round['kind'], milliseconds: number): Promise<RoundDone & { cpu: number }> => {
    const before = cpu();
    caller.send({ round: { kind, milliseconds, atATime } satisfies Round });
    const [done] = (await once(caller, 'message')) as [RoundDone];
    return { ...done, cpu: cpu() - before };
  };
  try {
    caller.send({ setup });
    for (const kind of kinds) await round(kind, warmMs);
    for (let n = 0; n < rounds; n += 1) {
      for (const kind of kinds) {
        const done = await round(kind, roundMs);
        const sum = sums[kind];
        sum.calls += done.calls;
        sum.wrong += done.wrong;
        sum.cpu += done.cpu;
        sum.times.push(...done.times);
      }
    }
  } finally {
    caller.kill();
  }
  return { empty: costOf(sums.empty), nothing: costOf(sums.nothing), validate: costOf(sums.validate) };
}

async function measured(running: Running, issuer: TokenIssuer): Promise<ValidateTokenFigures> {
  const tokens = await tokensFor(running, issuer);
  const alone = await inProcess(running, issuer, tokens);
  const empty = await startEmpty();
  const caller = await serviceToken(issuer, 'auth:validate');
  const urls = { emptyUrl: empty.url, url: running.grpcUrl ?? '' };
  try {
    return { inProcess: alone, ...(await overGrpc({ ...urls, authorization: `Bearer ${caller}`, tokens })) };
  } finally {
    empty.stop();
  }
}

/** ValidateToken with warm caches: in process, and over gRPC beside an empty call. Takes about a minute. */
export async function validateToken(say: (line: string) => void): Promise<ValidateTokenFigures> {
  const stack = await startStack({ parts: ['postgres', 'redis'], durable: false, say });
  const issuer = await startIssuer();
  try {
    const environment = { ...stack.environment('server'), KEYCLOAK_URL: issuer.url, KEYCLOAK_ISSUER: issuer.issuer };
    await migrate(environment);
    const running = await run(readConfig(environment), createLog('error'));
    try {
      return await measured(running, issuer);
    } finally {
      await running.stop();
    }
  } finally {
    issuer.stop();
    await stack.stop();
  }
}
