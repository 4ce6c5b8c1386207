import { type ExecutionResult, GraphQLError, type ValidationRule } from 'graphql';
import {
  createYoga,
  handleStreamOrSingleExecutionResult as eachResult,
  type Plugin,
  type YogaServerInstance,
} from 'graphql-yoga';
import type { Ctx } from '../context.ts';
import { Unavailable } from '../domain/errors.ts';
import { graphErrorOf } from '../graphql/errors.ts';
import type { GraphContext } from '../graphql/builder.ts';
import { isOutage } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import { documentFault } from './document-fault.ts';
import { guardedParse, guardRules } from './document-gate.ts';
import { schema } from './schema.ts';
import { statusOf } from './status.ts';

/** What the transport hands to the graph. */
export interface GraphRequest {
  /** Made by the listener after credentials and limits. */
  readonly ctx: Ctx;
}

/** The graph's server. */
export type Graph = YogaServerInstance<GraphRequest, GraphContext>;

/** Limits of documents for every transport, since all of them parse and validate through the envelope. */
function guard(rules: readonly ValidationRule[]): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn(guardedParse);
    },
    onValidate({ addValidationRule }) {
      for (const rule of rules) addValidationRule(rule);
      // What a document got wrong passes no mask.
      return ({ result, setResult }) => {
        if (result.length) setResult((result as readonly GraphQLError[]).map(documentFault));
      };
    },
  };
}

const placeOf = ({ nodes, path, extensions }: GraphQLError) => ({
  nodes: nodes ?? null,
  path: path ?? null,
  extensions,
});

/** Whatever is away makes the whole answer a 503: gateways and clients come again later without reading it. */
function withStatus(known: Error): Error {
  if (!(known instanceof GraphQLError)) return known;
  const { code, retryAfterSeconds } = known.extensions;
  if (code !== 'PROVIDER_UNAVAILABLE') return known;
  const http = { status: statusOf[code], headers: { 'retry-after': String(retryAfterSeconds) } };
  return new GraphQLError(known.message, { ...placeOf(known), extensions: { ...known.extensions, http } });
}

/** The database away is an outage, in whichever field it is noticed. */
function asOutage(error: unknown): unknown {
  const cause = error instanceof GraphQLError ? error.originalError : error;
  if (!isOutage(cause)) return error;
  const place = error instanceof GraphQLError ? placeOf(error) : {};
  return new GraphQLError('', { ...place, originalError: new Unavailable(5) });
}

const isOfLibrary = ({ path, originalError }: GraphQLError): boolean => !path && originalError instanceof GraphQLError;

/** What a client reads of an error: ours as they are, a library's word on the document, and nothing of anything else. */
export function masked(error: unknown, log: Log, requestId?: string): Error {
  const known = graphErrorOf(asOutage(error));
  if (known) return known;
  // The document or its variables are wrong. What a stream threw has no path either, but is no error of the library's own.
  if (error instanceof GraphQLError && (!error.originalError || isOfLibrary(error))) return documentFault(error);
  const original = error instanceof GraphQLError ? error.originalError : error;
  log.error(
    { err: original, requestId, path: error instanceof GraphQLError ? error.path?.join('.') : undefined },
    'a request to the graph failed',
  );
  const place = error instanceof GraphQLError ? placeOf(error) : {};
  return new GraphQLError('Something went wrong.', { ...place, extensions: { code: 'INTERNAL_SERVER_ERROR' } });
}

/** Masks what resolvers threw, while the request that they ran for is at hand; {@link masked} twice is as once. */
function mask(log: Log): Plugin<GraphContext> {
  const requestId = (args: { contextValue?: unknown }): string | undefined =>
    (args.contextValue as Partial<GraphContext> | undefined)?.app?.request.id;
  const withoutSecrets =
    (id: string | undefined) =>
    ({ result, setResult }: { result: ExecutionResult; setResult: (result: ExecutionResult) => void }): void => {
      if (result.errors) setResult({ ...result, errors: result.errors.map((e) => masked(e, log, id) as GraphQLError) });
    };
  return {
    onExecute: ({ args }) => ({
      onExecuteDone: (payload) => eachResult(payload, withoutSecrets(requestId(args))),
    }),
    onSubscribe: ({ args }) => ({
      onSubscribeResult: (payload) => eachResult(payload, withoutSecrets(requestId(args))),
      onSubscribeError: ({ error, setError }) => setError(masked(error, log, requestId(args))),
    }),
  };
}

/** The graph behind its limits: no cross-origin answers of its own, no batches, no forms, no page in production. */
export function createGraph(options: { introspection: boolean; production: boolean; log: Log }): Graph {
  const { introspection, production, log } = options;
  return createYoga<GraphRequest, GraphContext>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: !production,
    cors: false,
    multipart: false,
    batching: false,
    logging: false,
    maskedErrors: { maskError: (error) => withStatus(masked(error, log)) },
    plugins: [guard(guardRules(introspection)), mask(log)],
    context: ({ ctx }) => ({ app: ctx }),
  });
}
