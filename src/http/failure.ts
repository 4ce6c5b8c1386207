import { DomainError, type ErrorCode, StepUpRequired, Unavailable, ValidationFailed } from '../domain/errors.ts';
import { isOutage } from '../platform/database.ts';
import { answerNotice, type Notice } from './page.ts';
import { isForm, problem, retryAfter, type RouteContext } from './route.ts';

/** What the domain says of an error: its own word, or that the database is away; undefined for whatever is a bug. */
export const asDomainError = (error: unknown, retryAfterSeconds: number): DomainError | undefined =>
  error instanceof DomainError ? error : isOutage(error) ? new Unavailable(retryAfterSeconds) : undefined;

/** Somebody looks at a page, rather than a script at an answer. */
const wantsPage = (c: RouteContext): boolean =>
  (c.req.method === 'GET' || isForm(c)) && (c.req.header('accept') ?? '').includes('text/html');

const notices: Partial<Record<ErrorCode, Notice['text']>> = {
  NOT_FOUND: 'notFound',
  PROVIDER_UNAVAILABLE: 'unavailable',
  FORBIDDEN: 'closed',
};

/** What a program needs of an error besides its code. */
function membersOf(error: DomainError): object {
  if (error instanceof ValidationFailed) return { issues: error.issues };
  if (error instanceof StepUpRequired) return { acr: error.acr, authUrl: error.authUrl };
  return {};
}

function noticeOf(c: RouteContext, code: ErrorCode | undefined): Pick<Notice, 'text' | 'back'> {
  // The browser itself sent one of our forms, so the script that would have sent it did not run.
  if (code === 'FORBIDDEN' && isForm(c)) return { text: 'noScript', back: true };
  return { text: (code && notices[code]) ?? 'unexpected' };
}

/**
 * Answers what a route threw: a {@link DomainError} as a problem or a page, anything else masked and logged once.
 *
 * @param statusOf  the server's table from code to HTTP status
 */
export function answerErrors(statusOf: (code: ErrorCode) => number) {
  return (error: Error, c: RouteContext): Response | Promise<Response> => {
    const { log, request } = c.env.ctx;
    const known = asDomainError(error, 2);
    if (!known || known !== error) log.error({ requestId: request.id, error }, 'route failed');
    const seconds = retryAfter(known);
    if (seconds !== undefined) c.header('retry-after', String(seconds));
    const status = known ? statusOf(known.code) : 500;
    if (wantsPage(c)) return answerNotice(c, { status, ...noticeOf(c, known?.code) });
    const more = known ? membersOf(known) : {};
    const code = known?.code ?? 'INTERNAL_SERVER_ERROR';
    return problem(c, { status, code, title: known?.message ?? 'Something went wrong.' }, more);
  };
}

/** Answers an address that leads nowhere. */
export function answerNotFound(c: RouteContext): Response | Promise<Response> {
  if (wantsPage(c)) return answerNotice(c, { status: 404, text: 'notFound' });
  return problem(c, { status: 404, code: 'NOT_FOUND', title: 'There is no such address.' });
}
