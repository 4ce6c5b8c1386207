import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import { nobody } from '../domain/access.ts';
import { ValidationFailed } from '../domain/errors.ts';
import { register } from '../features/registration/registration-service.ts';
import { asDomainError } from '../http/failure.ts';
import { retryAfter } from '../http/route.ts';
import { languageOf } from '../texts/languages.ts';
import type { RegistrationReply } from './admin.ts';
import type { ContextFor } from './contexts.ts';
import { statusOf } from './status.ts';

const text = z.string().max(1000);
/** What Keycloak's page hands over. It asks for no country. A copy of a delivery has the same id, and registers nobody anew. */
const form = z.strictObject({
  id: text,
  email: text,
  firstName: text.nullish(),
  lastName: text.nullish(),
  locale: text,
  ip: text,
});
type Form = z.infer<typeof form>;

/** The person's own address is what the limit of her network counts, as on every other door. */
function ctxOf(contextFor: ContextFor, { ip, locale }: Form): Promise<Ctx> {
  return contextFor(nobody, { id: uuidv7(), ip, language: languageOf(locale), userAgent: '', router: false });
}

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

/** The door of Keycloak's registration page: the same room as behind `register` and `POST /auth/register`. */
export function registrationsInto(contextFor: ContextFor): (form: unknown) => Promise<RegistrationReply> {
  return async (given) => {
    const wanted = form.safeParse(given);
    if (!wanted.success) return { status: statusOf.VALIDATION, body: { code: 'VALIDATION', issues: [] } };
    const { id: idempotencyKey, email, firstName: givenName, lastName: familyName, locale } = wanted.data;
    const input = { email, givenName, familyName, locale, country: null, idempotencyKey };
    try {
      return { status: 202, body: await register(await ctxOf(contextFor, wanted.data), input) };
    } catch (error) {
      return refusal(error);
    }
  };
}
