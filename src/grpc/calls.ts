import { Code, ConnectError, type ContextValues, createContextKey, createContextValues } from '@connectrpc/connect';
import type { HandlerContext, Interceptor } from '@connectrpc/connect';
import type { Ctx, RequestInfo } from '../context.ts';
import { may, type Permission } from '../domain/access.ts';
import { Forbidden, type ErrorCode } from '../domain/errors.ts';
import type { Log } from '../platform/log.ts';
import { failureOf } from './failure.ts';

/** One call: what came with it, and how it went. */
export interface Call {
  readonly info: RequestInfo;
  /** How long it may take, in milliseconds. */
  patienceMs: number;
  ctx?: Ctx;
  /** The status it ended with. Undefined until then, and for what the protocol itself refused. */
  outcome?: string;
}

/** What every call passes. */
export interface CallRules {
  /** The permission its caller must hold, by `service/method`; `open` asks for none. A method without a rule is refused. */
  readonly rules: Readonly<Record<string, Permission | 'open'>>;
  /** Whoever calls, with what the call works with. @throws Unauthenticated, Unavailable */
  readonly admit: (authorization: string | undefined, info: RequestInfo) => Promise<Ctx>;
  readonly statusOf: Readonly<Record<ErrorCode, Code>>;
  /** How long a call may take whose caller sets no time. */
  readonly deadlineMs: number;
  readonly log: Log;
}

const noInfo: RequestInfo = { id: '', ip: '0.0.0.0', language: 'en', userAgent: '', router: false };
const key = createContextKey<Call>({ info: noInfo, patienceMs: 0 });

/** A call that begins now. */
export function callOf(info: RequestInfo): Call {
  return { info, patienceMs: 0 };
}

/** By which gate, interceptor and handlers find the call. */
export function callValues(call: Call): ContextValues {
  return createContextValues().set(key, call);
}

/** What a call works with. */
export function ctxOf(context: Pick<HandlerContext, 'values'>): Ctx {
  const { ctx } = context.values.get(key);
  if (!ctx) throw new Error('A call got by without being admitted.');
  return ctx;
}

const nameOf = (method: HandlerContext['method']): string => `${method.parent.typeName}/${method.name}`;

function refused(rules: CallRules, call: Call, method: HandlerContext['method'], error: unknown): ConnectError {
  const { error: told, unexpected } = failureOf(error, call.info.id, rules.statusOf);
  if (unexpected) rules.log.error({ requestId: call.info.id, method: nameOf(method), err: error }, 'call failed');
  call.outcome = Code[told.code];
  return told;
}

/**
 * Stands before every call, before anything of its message is read: who calls, whether it may, and how long it may take.
 */
export function createGate(rules: CallRules): (context: HandlerContext) => Promise<void> {
  return async (context) => {
    const { method, values, requestHeader, responseHeader } = context;
    const call = values.get(key);
    responseHeader.set('x-request-id', call.info.id);
    call.patienceMs = context.timeoutMs() ?? rules.deadlineMs;
    try {
      const rule = rules.rules[nameOf(method)];
      if (rule === 'open') return;
      call.ctx = await rules.admit(requestHeader.get('authorization') ?? undefined, call.info);
      if (!rule || !may(call.ctx.actor, rule)) throw new Forbidden();
    } catch (error) {
      throw refused(rules, call, method, error);
    }
  };
}

/** Ends what takes longer than it may. What is under way meanwhile has limits of its own. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_resolve, reject) => {
    const late = (): void => reject(new ConnectError('The call took too long.', Code.DeadlineExceeded));
    timer = setTimeout(late, Math.max(0, ms));
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}

/** Goes around every call: its time, and what its caller learns when it fails. */
export function createInterceptor(rules: CallRules): Interceptor {
  return (next) => async (request) => {
    const { method, contextValues } = request;
    const call = contextValues.get(key);
    const failed = (error: unknown): ConnectError => refused(rules, call, method, error);
    async function* told<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
      try {
        yield* messages;
        call.outcome = 'Ok';
      } catch (error) {
        throw failed(error);
      } finally {
        call.outcome ??= 'Canceled';
      }
    }
    try {
      // A stream ends with its caller's token, not by time.
      if (request.stream) {
        const answer = await next(request);
        return answer.stream ? { ...answer, message: told(answer.message) } : answer;
      }
      const answer = await within(call.patienceMs, next(request));
      call.outcome = 'Ok';
      return answer;
    } catch (error) {
      throw failed(error);
    }
  };
}
