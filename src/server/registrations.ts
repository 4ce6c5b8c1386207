import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import { nobody } from '../domain/access.ts';
import { register } from '../features/registration/registration-service.ts';
import { languageOf } from '../texts/languages.ts';
import type { FormTaker } from './admin.ts';
import type { ContextFor } from './contexts.ts';
import { taking } from './form-taker.ts';

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

/** The door of Keycloak's registration page: the same room as behind `register` and `POST /auth/register`. */
export function registrationsInto(contextFor: ContextFor): FormTaker {
  return taking(form, async (wanted) => {
    const { id: idempotencyKey, email, firstName: givenName, lastName: familyName, locale } = wanted;
    const input = { email, givenName, familyName, locale, country: null, idempotencyKey };
    return register(await ctxOf(contextFor, wanted), input);
  });
}
