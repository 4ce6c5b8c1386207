/** What can be wrong, for programs. The same words on every wire (contracts: subgraph `ErrorCode`). */
export const errorCodes = [
  'VALIDATION',
  'VERSION_CONFLICT',
  'NOT_FOUND',
  'STEP_UP_REQUIRED',
  'RATE_LIMITED',
  'ADDRESS_REJECTED',
  'CONTACT_IN_USE',
  'MERGE_BLOCKED',
  'LAST_CONTACT',
  'LEGAL_HOLD',
  'PROVIDER_UNAVAILABLE',
  'INSUFFICIENT_POINTS',
  'NOTICE_OUTDATED',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'STATUS_CONFLICT',
  'PRECONDITION_REQUIRED',
  'IDEMPOTENCY_MISMATCH',
] as const;

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number];

/** The domain said no. Safe to show to whoever asked: a message never repeats personal data. */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
}

/** One thing wrong with one input field. `path` names the field, `message` never repeats the value. */
export interface FieldIssue {
  readonly path: readonly string[];
  /** A constant word such as `max_length` or `future`. */
  readonly rule: string;
  readonly message: string;
}

/** The input cannot be accepted; every issue at once. */
export class ValidationFailed extends DomainError {
  readonly code = 'VALIDATION';
  readonly issues: readonly FieldIssue[];
  constructor(issues: readonly FieldIssue[]) {
    super('The input is not valid.');
    this.issues = issues;
  }
}

/** A single invalid field. */
export function invalid(path: string, rule: string, message: string): ValidationFailed {
  return new ValidationFailed([{ path: path.split('.'), rule, message }]);
}

/** The record changed since the caller read it. */
export class VersionConflict extends DomainError {
  readonly code = 'VERSION_CONFLICT';
  readonly currentVersion: number;
  constructor(currentVersion: number) {
    super('The record has changed since you read it.');
    this.currentVersion = currentVersion;
  }
}

/** No such thing, or none that the caller may know of. */
export class NotFound extends DomainError {
  readonly code = 'NOT_FOUND';
  constructor() {
    super('There is no such object.');
  }
}

/** Nobody is signed in, or the proof is not good. */
export class Unauthenticated extends DomainError {
  readonly code = 'UNAUTHENTICATED';
  constructor() {
    super('Sign in first.');
  }
}

/** Signed in, but without the permission. */
export class Forbidden extends DomainError {
  readonly code = 'FORBIDDEN';
  constructor() {
    super('You may not do this.');
  }
}

/** The account's status does not allow it. */
export class StatusConflict extends DomainError {
  readonly code = 'STATUS_CONFLICT';
  constructor(from: string, to?: string) {
    super(to ? `An account that is ${from} cannot become ${to}.` : `An account that is ${from} cannot do this.`);
  }
}

/** Too many tries; come back later. */
export class RateLimited extends DomainError {
  readonly code = 'RATE_LIMITED';
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super('Too many tries. Please wait.');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Something we depend on does not answer; nothing was changed. */
export class Unavailable extends DomainError {
  readonly code = 'PROVIDER_UNAVAILABLE';
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super('This is not available at the moment. Please try again shortly.');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The address belongs to another account already. Told to staff and to our own convergence, never to a visitor. */
export class ContactInUse extends DomainError {
  readonly code = 'CONTACT_IN_USE';
  constructor() {
    super('The contact belongs to another account.');
  }
}

/** The last proven contact of an account cannot be taken away. */
export class LastContact extends DomainError {
  readonly code = 'LAST_CONTACT';
  constructor() {
    super('This is the last proven contact of the account.');
  }
}

/** The proof is too old or too weak for this act (contracts: access, "Step-up"). */
export class StepUpRequired extends DomainError {
  readonly code = 'STEP_UP_REQUIRED';
  readonly acr: string;
  readonly authUrl: string;
  constructor(acr: string, authUrl: string) {
    super('Please prove once more who you are.');
    this.acr = acr;
    this.authUrl = authUrl;
  }
}

/** The key was used before with another request. */
export class IdempotencyMismatch extends DomainError {
  readonly code = 'IDEMPOTENCY_MISMATCH';
  constructor() {
    super('This idempotency key belongs to another request.');
  }
}
