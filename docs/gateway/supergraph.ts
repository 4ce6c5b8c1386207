import {
  createGatewayRuntime,
  type GatewayPlugin,
  type GatewayRuntime,
  Logger,
  type LogWriter,
} from '@graphql-hive/gateway-runtime';
import http from '@graphql-mesh/transport-http';
import { GraphQLError, Lexer, Source, TokenKind } from 'graphql';

/** What the supergraph is made of. */
export interface SupergraphSettings {
  /** The composed schema; our subgraph is called `customers` in it. */
  readonly supergraph: string;
  /** The router's credential at our service, one of its `ROUTER_SECRETS`. */
  readonly routerSecret: string;
  /** Takes a line for each fault. */
  readonly log: (line: string) => void;
}

const ours = 'customers';

/**
 * What our service refuses as a whole, the gateway refuses as a whole, with the same status: by a 401 a page learns that
 * it is to refresh its session. Otherwise it would be one error among the data.
 */
const refusalsOfOurs: GatewayPlugin = {
  onFetch: ({ executionRequest }) => {
    if (executionRequest?.subgraphName !== ours) return undefined;
    return async ({ response, setResponse }) => {
      const { status, headers } = response;
      if (!headers.get('content-type')?.startsWith('application/problem+json')) return;
      const { title, code } = (await response.json()) as { title: string; code: string };
      const again = headers.get('retry-after');
      const told = { status, ...(again === null ? {} : { headers: { 'retry-after': again } }) };
      setResponse(Response.json({ errors: [{ message: title, extensions: { code, http: told } }] }));
    };
  },
};

/** Which fault, and where. What the runtime would write holds the variables of the request, and answers of subgraphs. */
function faultsOnly(log: SupergraphSettings['log']): LogWriter {
  return {
    write(level, attrs) {
      const { class: kind, path, extensions } = (attrs ?? {}) as Record<string, unknown>;
      const { code, serviceName } = (extensions ?? {}) as Record<string, unknown>;
      log(JSON.stringify({ level, kind, code, serviceName, path }));
    },
  };
}

const limits = { documentBytes: 16 * 1024, nesting: 25 };
const opening: string[] = [TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L];
const closing: string[] = [TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R];

function isTooDeep(text: string): boolean {
  const lexer = new Lexer(new Source(text));
  let depth = 0;
  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
    if (opening.includes(token.kind)) depth += 1;
    else if (closing.includes(token.kind)) depth -= 1;
    if (depth > limits.nesting) return true;
  }
  return false;
}

/** Read once before the parser, which calls itself and overflows on some thousand brackets. */
const modestDocuments: GatewayPlugin = {
  onParse({ params: { source } }) {
    const text = typeof source === 'string' ? source : source.body;
    if (Buffer.byteLength(text) > limits.documentBytes || isTooDeep(text))
      throw new GraphQLError('The document is refused.', { extensions: { code: 'VALIDATION' } });
  },
};

/** The library's words on a malformed body hold the body, which may hold a name. */
const modestRefusals: GatewayPlugin = {
  onResultProcess({ result, setResult }) {
    if (!('errors' in result) || !result.errors?.some(({ extensions }) => extensions['code'] === 'BAD_REQUEST')) return;
    const extensions = { code: 'VALIDATION', http: { status: 400 } };
    setResult({ errors: [new GraphQLError('The request is malformed.', { extensions })] });
  },
};

/**
 * The supergraph. The viewer's token is meant for our service (its `aud`) and reaches it alone; so do her address and the
 * router's credential. Another subgraph learns of a customer what it asks for by `@requires`.
 */
export function createSupergraph({ supergraph, routerSecret, log }: SupergraphSettings): GatewayRuntime {
  return createGatewayRuntime({
    supergraph,
    logging: new Logger({ level: 'error', writers: [faultsOnly(log)] }),
    transports: { http: { default: http } } as never,
    // No `subscriptions: { kind: 'ws' }`: over HTTP each subscription is a request of its own with its viewer's token. The
    // transport for sockets keeps them for a while, and tries a refused one six times before its viewer hears of it.
    transportEntries: {
      [ours]: { headers: [['x-router-secret', routerSecret]], options: { method: 'POST' } as never },
    },
    propagateHeaders: {
      // Not by `onFetch`: equal queries that are under way at the same time share one request unless these headers differ.
      fromClientToSubgraphs: ({ request: { headers }, subgraphName }) =>
        subgraphName === ours
          ? {
              authorization: headers.get('authorization'),
              'x-acting': headers.get('x-acting'),
              'x-forwarded-for': headers.get('x-forwarded-for'),
            }
          : {},
    },
    plugins: () => [modestDocuments, modestRefusals, refusalsOfOurs],
    // Yoga's default would let every origin read with cookies.
    cors: false,
    graphiql: false,
    landingPage: false,
    disableIntrospection: {},
  });
}
