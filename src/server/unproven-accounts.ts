import { z } from 'zod';
import type { Parts } from '../context.ts';
import { dropUnprovenUser } from '../features/identity/identity-service.ts';
import type { FormTaker } from './admin.ts';
import { taking } from './form-taker.ts';

const form = z.strictObject({ subject: z.uuid() });

/** The door by which a social sign-in clears an address that an account holds without proof. */
export function unprovenAccountForms(parts: Parts): Readonly<Record<string, FormTaker>> {
  const drop = taking(form, async ({ subject }) => {
    await dropUnprovenUser(parts, subject);
    return {};
  });
  return { '/internal/unproven-accounts': drop };
}
