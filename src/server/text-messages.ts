import { z } from 'zod';
import type { Parts } from '../context.ts';
import { codeCameBack, sendCode } from '../features/authentication/text-message-service.ts';
import { codePurposes } from '../texts/code-text.ts';
import type { FormTaker } from './admin.ts';
import { taking } from './form-taker.ts';

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
