import { GraphQLError } from 'graphql';
import {
  DomainError,
  type ErrorCode,
  errorCodes,
  LastContact,
  NotFound,
  RateLimited,
  StatusConflict,
  StepUpRequired,
  Unavailable,
  ValidationFailed,
  VersionConflict,
} from '../domain/errors.ts';
import { builder } from './builder.ts';

/** A status that the account cannot pass to, as an answer: the contract has no member of its own for it. */
export class StatusRefused extends ValidationFailed {
  readonly shownCode: ErrorCode = 'STATUS_CONFLICT';
  constructor({ code, message }: StatusConflict) {
    super([{ path: ['status'], rule: code.toLowerCase(), message }]);
    this.message = message;
  }
}

const ErrorCode = builder.enumType('ErrorCode', {
  description: 'What is wrong, for programs. The same words stand in `extensions.code` of errors that are not answers.',
  values: errorCodes,
});

// The errors of an answer come in a proxy, of which `instanceof` does not hold.
const codeOf = (error: DomainError): ErrorCode =>
  'shownCode' in error ? (error as StatusRefused).shownCode : error.code;

const UserError = builder.interfaceRef<DomainError>('UserError').implement({
  description: 'An expected refusal: part of the answer, safe to show, without personal data.',
  fields: (t) => ({
    code: t.field({ type: ErrorCode, description: 'What is wrong, for programs.', resolve: codeOf }),
    message: t.exposeString('message', { description: 'What is wrong, in English, for people.' }),
    path: t.stringList({
      nullable: true,
      description: 'The input field it is about, when it is about a single one.',
      resolve: (error) => {
        const [only, ...more] = 'issues' in error ? (error as ValidationFailed).issues : [];
        return only && !more.length ? [...only.path] : null;
      },
    }),
  }),
});

const FieldIssue = builder.objectRef<ValidationFailed['issues'][number]>('FieldIssue').implement({
  description: 'One thing wrong with one input field. The value is never repeated.',
  fields: (t) => ({
    path: t.stringList({ description: 'Where the field stands in the input.', resolve: ({ path }) => [...path] }),
    rule: t.exposeString('rule', { description: 'A constant word, such as `max_length` or `future`.' }),
    message: t.exposeString('message', { description: 'What is wrong, in English.' }),
  }),
});

builder.objectType(ValidationFailed, {
  name: 'ValidationError',
  description: 'The input cannot be accepted; every issue at once.',
  interfaces: [UserError],
  fields: (t) => ({
    issues: t.field({
      type: [FieldIssue],
      description: 'Everything that is wrong.',
      resolve: ({ issues }) => [...issues],
    }),
  }),
});

builder.objectType(VersionConflict, {
  name: 'VersionConflictError',
  description: 'The record changed since it was read: read it again, then decide.',
  interfaces: [UserError],
  fields: (t) => ({ currentVersion: t.exposeInt('currentVersion', { description: 'The version it has now.' }) }),
});

builder.objectType(StepUpRequired, {
  name: 'StepUpRequiredError',
  description: 'The proof of who is asking is too old or too weak for this.',
  interfaces: [UserError],
  fields: (t) => ({
    acr: t.exposeString('acr', { description: 'The level that is needed.' }),
    authUrl: t.exposeString('authUrl', { description: 'Where to prove it; leads back afterwards.' }),
  }),
});

const retryAfterSeconds = 'After how many seconds a new try makes sense.';

builder.objectType(RateLimited, {
  name: 'RateLimitedError',
  description: 'Too many tries.',
  interfaces: [UserError],
  fields: (t) => ({ retryAfterSeconds: t.exposeInt('retryAfterSeconds', { description: retryAfterSeconds }) }),
});

builder.objectType(Unavailable, {
  name: 'UnavailableError',
  description: 'Something this depends on does not answer. Nothing was changed.',
  interfaces: [UserError],
  fields: (t) => ({ retryAfterSeconds: t.exposeInt('retryAfterSeconds', { description: retryAfterSeconds }) }),
});

builder.objectType(NotFound, {
  name: 'NotFoundError',
  description: 'There is no such object, or none that the caller may know of.',
  interfaces: [UserError],
});

builder.objectType(LastContact, {
  name: 'LastContactError',
  description: 'The last proven contact of an account cannot be taken away.',
  interfaces: [UserError],
});

/** What a client sees of an error that is not an answer; undefined for whatever is not the domain's: mask and log that. */
export function graphErrorOf(error: unknown): GraphQLError | undefined {
  const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  if (!(cause instanceof DomainError)) return undefined;
  const place = error instanceof GraphQLError ? error : undefined;
  return new GraphQLError(cause.message, {
    nodes: place?.nodes ?? null,
    path: place?.path ?? null,
    extensions: { code: codeOf(cause), ...detailsOf(cause) },
  });
}

function detailsOf(error: DomainError): Record<string, unknown> {
  if (error instanceof ValidationFailed) return { issues: error.issues };
  if (error instanceof StepUpRequired) return { acr: error.acr, authUrl: error.authUrl };
  if (error instanceof VersionConflict) return { currentVersion: error.currentVersion };
  if (error instanceof RateLimited || error instanceof Unavailable)
    return { retryAfterSeconds: error.retryAfterSeconds };
  return {};
}
