import { z } from 'zod';
import type { Parts } from '../context.ts';
import { ValidationFailed } from '../domain/errors.ts';
import { codeCameBack, codePurposes, sendCode } from '../features/authentication/text-message-service.ts';
import { asDomainError } from '../http/failure.ts';
import { retryAfter } from '../http/route.ts';
import type { FormTaker, RegistrationReply } from './admin.ts';
import { statusOf } from './status.ts';

const text = z.string().max(200);
/** What Keycloak's side of us asks for. */
const wantedCode = z.strictObject({
  purpose: z.enum(codePurposes),
  number: text,
  code: text,
  locale: text,
  ip: text,
  customer: text,
});
const provenCode = z.strictObject({ number: text });

function refusal(thrown: unknown): RegistrationReply {
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

/** A form checked by its schema, then worked off; every refusal is an answer. */
function taking<T>(schema: z.ZodType<T>, work: (form: T) => Promise<object>): FormTaker {
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

/** The doors by which Keycloak has codes sent, and tells which came back. */
export function textMessageForms(parts: Pick<Parts, 'config' | 'textMessages'>): Readonly<Record<string, FormTaker>> {
  return {
    '/internal/text-messages': taking(wantedCode, (wanted) => sendCode(parts, wanted)),
    '/internal/text-messages/proven': taking(provenCode, async ({ number }) => {
      await codeCameBack(parts, number);
      return {};
    }),
  };
}
