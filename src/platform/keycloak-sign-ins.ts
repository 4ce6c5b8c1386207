import { z } from 'zod';
import type { Answer } from './http-client.ts';
import { type AdminCall, KeycloakRefused } from './keycloak-calls.ts';

const sessionList = z.array(z.object({ id: z.string(), start: z.number() }));
const credentialList = z.array(z.object({ id: z.string(), type: z.string(), createdDate: z.number().default(0) }));
const withActions = z.object({ requiredActions: z.array(z.string()).default([]) });

const segment = encodeURIComponent;

/** How users sign in, and as long as they are signed in. Every call ends in time, as those of `KeycloakUsers` do. */
export class KeycloakSignIns {
  readonly #call: (call: AdminCall) => Promise<Answer>;

  constructor(call: (call: AdminCall) => Promise<Answer>) {
    this.#call = call;
  }

  /** Ends the sessions of a user that began before a time, but for one. A second run does no harm. */
  async endSessionsBefore(id: string, before: Date, but?: string): Promise<void> {
    const sessions = await this.#list(`/users/${segment(id)}/sessions`, sessionList);
    for (const { id: sid, start } of sessions) {
      if (sid === but || start > before.getTime()) continue;
      await this.#done({ method: 'DELETE', path: `/sessions/${segment(sid)}` }, 204, 404);
    }
  }

  /** Takes the password away that a user had before a time; one that she chose since stays. */
  async dropPasswordOf(id: string, before: Date): Promise<void> {
    const path = `/users/${segment(id)}/credentials`;
    for (const { id: credential, type, createdDate } of await this.#list(path, credentialList)) {
      if (type !== 'password' || createdDate > before.getTime()) continue;
      await this.#done({ method: 'DELETE', path: `${path}/${segment(credential)}` }, 204, 404);
    }
  }

  /** Asks a user for a new password when she signs in next, unless she chose one since. */
  async askNewPassword(id: string, before: Date): Promise<void> {
    const path = `/users/${segment(id)}`;
    const credentials = await this.#list(`${path}/credentials`, credentialList);
    if (credentials.some(({ type, createdDate }) => type === 'password' && createdDate > before.getTime())) return;
    const user = await this.#done({ path }, 200, 404);
    if (user.status === 404) return;
    const { requiredActions } = withActions.parse(JSON.parse(user.text));
    const body = { requiredActions: [...new Set([...requiredActions, 'UPDATE_PASSWORD'])] };
    await this.#done({ method: 'PUT', path, body }, 204, 404);
  }

  async #list<T>(path: string, shape: z.ZodType<T[]>): Promise<T[]> {
    const answer = await this.#done({ path }, 200, 404);
    return answer.status === 404 ? [] : shape.parse(JSON.parse(answer.text));
  }

  async #done(call: AdminCall, ...statuses: number[]): Promise<Answer> {
    const answer = await this.#call(call);
    if (!statuses.includes(answer.status)) throw new KeycloakRefused(answer.status);
    return answer;
  }
}
