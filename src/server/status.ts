import { Code } from '@connectrpc/connect';
import type { ErrorCode } from '../domain/errors.ts';

/** From an error's code to its HTTP status; the compiler refuses a code without a row. */
export const statusOf: Readonly<Record<ErrorCode, number>> = {
  VALIDATION: 422,
  VERSION_CONFLICT: 412,
  NOT_FOUND: 404,
  STEP_UP_REQUIRED: 401,
  RATE_LIMITED: 429,
  ADDRESS_REJECTED: 422,
  CONTACT_IN_USE: 409,
  MERGE_BLOCKED: 409,
  LAST_CONTACT: 409,
  LEGAL_HOLD: 409,
  PROVIDER_UNAVAILABLE: 503,
  INSUFFICIENT_POINTS: 409,
  NOTICE_OUTDATED: 409,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  STATUS_CONFLICT: 409,
  PRECONDITION_REQUIRED: 428,
  IDEMPOTENCY_MISMATCH: 422,
};

/** From an error's code to its status in gRPC; the compiler refuses a code without a row. */
export const grpcStatusOf: Readonly<Record<ErrorCode, Code>> = {
  VALIDATION: Code.InvalidArgument,
  VERSION_CONFLICT: Code.Aborted,
  NOT_FOUND: Code.NotFound,
  STEP_UP_REQUIRED: Code.Unauthenticated,
  RATE_LIMITED: Code.ResourceExhausted,
  ADDRESS_REJECTED: Code.InvalidArgument,
  CONTACT_IN_USE: Code.AlreadyExists,
  MERGE_BLOCKED: Code.FailedPrecondition,
  LAST_CONTACT: Code.FailedPrecondition,
  LEGAL_HOLD: Code.FailedPrecondition,
  PROVIDER_UNAVAILABLE: Code.Unavailable,
  INSUFFICIENT_POINTS: Code.FailedPrecondition,
  NOTICE_OUTDATED: Code.FailedPrecondition,
  UNAUTHENTICATED: Code.Unauthenticated,
  FORBIDDEN: Code.PermissionDenied,
  STATUS_CONFLICT: Code.FailedPrecondition,
  PRECONDITION_REQUIRED: Code.FailedPrecondition,
  IDEMPOTENCY_MISMATCH: Code.InvalidArgument,
};
