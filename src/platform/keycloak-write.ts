import type { AdminCalls } from './keycloak-calls.ts';
import type { Answer } from './http-client.ts';

/** A user as she was read, and what of her is written. Of what is left out of `wanted` nothing is compared. */
export interface ConditionalWrite {
  readonly seen: Readonly<Record<string, unknown>>;
  readonly wanted: Readonly<Record<string, unknown>>;
}

/**
 * Writes a user as Keycloak's own API does, whole, but only while she is as she was read (package `users` of our jar).
 *
 * @returns Keycloak's answer: 204, 400 for what its rules forbid, 409 for a name that is taken; `changed` when somebody
 *          else has changed her since; null without such a user
 */
export async function writeUser(
  calls: AdminCalls,
  id: string,
  body: ConditionalWrite,
): Promise<Answer | 'changed' | null> {
  const path = `/conditional-users/${encodeURIComponent(id)}`;
  const answer = await calls.expect({ method: 'PUT', path, body }, 204, 400, 404, 409, 412);
  return answer.status === 404 ? null : answer.status === 412 ? 'changed' : answer;
}
