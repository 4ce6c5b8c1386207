import { pino, stdTimeFunctions, type Logger } from 'pino';

/** Fields that never reach a log line, wherever they stand. The second net: the first is not to log them. */
const redacted = [
  'email',
  'emailLookup',
  'address',
  'phone',
  'name',
  'givenName',
  'familyName',
  'displayName',
  'birthDate',
  'password',
  'token',
  'accessToken',
  'refreshToken',
  'idToken',
  'code',
  'secret',
  'cookie',
  'authorization',
  'body',
  'query',
  'variables',
  'ip',
];

/** Structured log: constant message, named fields, one line a fact. */
export type Log = Logger;

/**
 * An error as the log may show it: its class, the code of its cause and its place, never its message, which may hold
 * values. Not `code`, which is redacted: a code may be what somebody signs in with.
 */
export function errorShape(error: unknown): { type: string; cause?: string; at?: string } {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = (error as { code?: unknown }).code;
  const at = error.stack
    ?.split('\n')
    .find((line) => line.trimStart().startsWith('at '))
    ?.trim();
  return { type: error.name, ...(typeof code === 'string' ? { cause: code } : {}), ...(at ? { at } : {}) };
}

/**
 * Makes the process's log: JSON lines on standard output, or into `destination` in tests.
 *
 * @param level  least level that is written
 */
export function createLog(level: string, destination?: { write(line: string): void }): Log {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: redacted.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[redacted]' },
    serializers: { err: errorShape, error: errorShape },
  };
  return destination ? pino(options, destination) : pino(options);
}
