import { setTimeout as pause } from 'node:timers/promises';

/** One request to another server. */
export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Longest wait for the whole answer, further tries included. */
  readonly timeoutMs: number;
  /** Further tries after a failure; only GET is ever repeated. Standard: 1. */
  readonly retries?: number;
}

/** What the other server said. A redirect is an answer like any other: it is never followed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The other server did not answer, not in time, or with more than we read. Names no address: it may hold personal data. */
export class NoAnswer extends Error {
  readonly reason: 'timeout' | 'connection' | 'too-large';
  constructor(reason: NoAnswer['reason']) {
    super('The other server did not answer.');
    this.name = 'NoAnswer';
    this.reason = reason;
  }
}

/** The longest answer of a server we call is a page of users, a hundredth of this. */
const bytesAtMost = 4 * 1024 * 1024;
const pauseMs = 100;
const passing = new Set([502, 503, 504]);

async function bodyOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.byteLength;
    if (length > bytesAtMost) throw new NoAnswer('too-large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function once(url: string, options: RequestOptions, signal: AbortSignal): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  try {
    const response = await fetch(url, {
      method,
      headers: { ...headers },
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      signal,
    });
    return { status: response.status, headers: response.headers, text: await bodyOf(response) };
  } catch (error) {
    if (error instanceof NoAnswer) throw error;
    throw new NoAnswer(signal.aborted ? 'timeout' : 'connection');
  }
}

/**
 * Asks another server. The only place that calls `fetch`: everything here ends in time.
 *
 * @throws NoAnswer
 */
export async function request(url: string, options: RequestOptions): Promise<Answer> {
  const signal = AbortSignal.timeout(Math.max(1, Math.round(options.timeoutMs)));
  const repeats = (options.method ?? 'GET') === 'GET' ? (options.retries ?? 1) : 0;
  for (let attempt = 0; ; attempt++) {
    const answer = await once(url, options, signal).catch((error: unknown) => {
      if (attempt < repeats && error instanceof NoAnswer && error.reason === 'connection') return null;
      throw error;
    });
    if (answer && !(attempt < repeats && passing.has(answer.status))) return answer;
    await pause(pauseMs * 2 ** attempt);
  }
}
