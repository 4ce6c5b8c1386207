import { Code, ConnectError } from '@connectrpc/connect';
import { DomainError, type ErrorCode, StepUpRequired, Unavailable, ValidationFailed } from '../domain/errors.ts';
import { isOutage } from '../platform/database.ts';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from './generated/google/rpc/error_details_pb.ts';

/** `domain` of every `google.rpc.ErrorInfo` we send. */
const domain = 'client';

type Details = NonNullable<ConstructorParameters<typeof ConnectError>[3]>;

/** An error as its caller may see it. */
export interface Failure {
  readonly error: ConnectError;
  /** A bug or an outage, to be logged: not a refusal of the domain or of the protocol. */
  readonly unexpected: boolean;
}

function detailsOf(known: DomainError | undefined, requestId: string): Details {
  const reason = known?.code ?? 'INTERNAL_SERVER_ERROR';
  const metadata: Record<string, string> =
    known instanceof StepUpRequired ? { acr: known.acr, authUrl: known.authUrl } : {};
  const fields = known instanceof ValidationFailed ? known.issues : [];
  const fieldViolations = fields.map(({ path, rule, message }) => ({
    field: path.join('.'),
    description: message,
    reason: rule,
  }));
  const seconds = known && 'retryAfterSeconds' in known ? Number(known.retryAfterSeconds) : undefined;
  return [
    { desc: ErrorInfoSchema, value: { reason, domain, metadata } },
    { desc: RequestInfoSchema, value: { requestId } },
    ...(fields.length ? [{ desc: BadRequestSchema, value: { fieldViolations } }] : []),
    ...(seconds === undefined ? [] : [{ desc: RetryInfoSchema, value: { retryDelay: { seconds: BigInt(seconds) } } }]),
  ] as Details;
}

/**
 * Turns whatever a call threw into what its caller may see: a {@link DomainError} with its code as the reason of
 * `google.rpc.ErrorInfo`, an outage as such, anything else without a word of it.
 *
 * @param statusOf  the server's table from code to status
 */
export function failureOf(error: unknown, requestId: string, statusOf: Readonly<Record<ErrorCode, Code>>): Failure {
  // Of the protocol, or made here already.
  if (error instanceof ConnectError) return { error, unexpected: false };
  const known = error instanceof DomainError ? error : isOutage(error) ? new Unavailable(2) : undefined;
  const code = known ? statusOf[known.code] : Code.Internal;
  const details = detailsOf(known, requestId);
  const told = new ConnectError(known?.message ?? 'Something went wrong.', code, undefined, details);
  return { error: told, unexpected: known !== error };
}
