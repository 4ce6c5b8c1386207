import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Ctx } from '../context.ts';

type Whose = Pick<Ctx, 'actor' | 'config'>;

/** The pages of ours whose forms work without a script (decision 0053). */
export const formPaths: ReadonlySet<string> = new Set(['/auth/step-up', '/account/contacts', '/account/links']);

/** The name of the field that carries the token. */
export const tokenField = 'form-token';

/**
 * What a form of ours brings in place of the header that only a script can set: it belongs to one session, and no other
 * page can read it. Undefined for whoever has no session.
 */
export function formToken({ actor, config }: Whose): string | undefined {
  const { identity, sessionId, kind } = actor;
  if (kind !== 'person' || !identity || !sessionId) return undefined;
  const key = Buffer.from(hkdfSync('sha256', config.keys.token, '', 'forms', 32));
  return createHmac('sha256', key).update(`${identity.issuer}\0${identity.subject}\0${sessionId}`).digest('base64url');
}

/** Whether this is the token of the session that asks. */
export function isFormToken(whose: Whose, given: unknown): boolean {
  const wanted = formToken(whose);
  if (wanted === undefined || typeof given !== 'string' || given.length !== wanted.length) return false;
  return timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
}
