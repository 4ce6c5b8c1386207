import type { z } from 'zod';
import { ValidationFailed } from '../domain/errors.ts';
import { asDomainError } from '../http/failure.ts';
import { retryAfter } from '../http/route.ts';
import type { FormReply, FormTaker } from './admin.ts';
import { statusOf } from './status.ts';

function refusal(thrown: unknown): FormReply {
  const error = asDomainError(thrown, 5);
  if (!error) throw thrown;
  const issues = error instanceof ValidationFailed ? error.issues : [];
  const seconds = retryAfter(error);
  return {
    status: statusOf[error.code],
    body: { code: error.code, issues: issues.map(({ path, rule }) => ({ path: path.join('.'), rule })) },
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  };
}

/** A form of Keycloak's side of us, checked by its schema, then worked off; every refusal is an answer. */
export function taking<T>(schema: z.ZodType<T>, work: (form: T) => Promise<object>): FormTaker {
  return async (given) => {
    const form = schema.safeParse(given);
    if (!form.success) return { status: statusOf.VALIDATION, body: { code: 'VALIDATION', issues: [] } };
    try {
      return { status: 202, body: await work(form.data) };
    } catch (error) {
      return refusal(error);
    }
  };
}
