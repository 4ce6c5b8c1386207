/** Who asks: what of a request says so. */
export type Credentials = () => Record<string, string>;

/** Somebody who shows a token. */
export const bearer =
  (token: string): Credentials =>
  () => ({ authorization: `Bearer ${token}` });

/** How a request ended: done, told that something is away, or anything else. */
export type Outcome = 'done' | 'away' | 'conflict' | 'fault';

/** An answer of the graph over HTTP. */
export interface Answered {
  readonly outcome: Outcome;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  readonly milliseconds: number;
  /** When to come again, in seconds. */
  readonly retryAfter: number | undefined;
  readonly data: Record<string, any>;
}

interface Body {
  data?: Record<string, any> | null;
  errors?: { extensions?: { code?: string; retryAfterSeconds?: number } }[];
}

const longestWaitMs = 15_000;

function outcomeOf(status: number, { data, errors }: Body): Outcome {
  const codes = (errors ?? []).map(({ extensions }) => extensions?.code);
  const answers = Object.values(data ?? {}).map((one) => one?.__typename as string | undefined);
  if (status === 503 || codes.includes('PROVIDER_UNAVAILABLE') || answers.includes('UnavailableError')) return 'away';
  if (answers.includes('VersionConflictError')) return 'conflict';
  return status === 200 && !codes.length && !answers.some((name) => name?.endsWith('Error')) ? 'done' : 'fault';
}

/** Asks the graph. Never throws: no answer is an answer of status 0. */
export async function askGraph(
  url: string,
  who: Credentials,
  query: string,
  variables: object = {},
): Promise<Answered> {
  const began = performance.now();
  const body = JSON.stringify({ query, variables });
  const headers = { 'content-type': 'application/json', ...who() };
  const signal = AbortSignal.timeout(longestWaitMs);
  const answer = await fetch(url, { method: 'POST', headers, body, signal }).catch(() => undefined);
  const text = (await answer?.text().catch(() => '')) ?? '';
  const milliseconds = performance.now() - began;
  const status = answer?.status ?? 0;
  const read = text.startsWith('{') ? (JSON.parse(text) as Body) : {};
  const inBody = read.errors?.[0]?.extensions?.retryAfterSeconds;
  const inHeader = answer?.headers.get('retry-after');
  return {
    outcome: answer ? outcomeOf(status, read) : 'fault',
    status,
    milliseconds,
    retryAfter: inHeader ? Number(inHeader) : inBody,
    data: read.data ?? {},
  };
}
