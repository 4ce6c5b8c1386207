import { z } from 'zod';
import { type AdminCalls, sessionPath, userPath } from './keycloak-calls.ts';
import { credentialsOf, removeCredential } from './keycloak-credentials.ts';

const sessionList = z.array(z.object({ id: z.string(), start: z.number() }));
const withActions = z.object({ requiredActions: z.array(z.string()).default([]) });

/** How users sign in, and as long as they are signed in. Every call ends in time, as those of `KeycloakUsers` do. */
export class KeycloakSignIns {
  readonly #calls: AdminCalls;

  constructor(calls: AdminCalls) {
    this.#calls = calls;
  }

  /** Ends the sessions of a user that began before a time, but for one. A second run does no harm. */
  async endSessionsBefore(id: string, before: Date, but?: string): Promise<void> {
    const sessions = (await this.#calls.read(`${userPath(id)}/sessions`, sessionList)) ?? [];
    for (const { id: sid, start } of sessions) {
      if (sid === but || start > before.getTime()) continue;
      await this.#calls.expect({ method: 'DELETE', path: sessionPath(sid) }, 204, 404);
    }
  }

  /** Takes the password away that a user had before a time; one that she chose since stays. */
  async dropPasswordOf(id: string, before: Date): Promise<void> {
    for (const { id: credential, kind, createdAt } of (await credentialsOf(this.#calls, id)) ?? []) {
      if (kind === 'PASSWORD' && createdAt <= before) await removeCredential(this.#calls, id, credential);
    }
  }

  /** Asks a user for a new password when she signs in next, unless she chose one since. */
  async askNewPassword(id: string, before: Date): Promise<void> {
    const credentials = (await credentialsOf(this.#calls, id)) ?? [];
    if (credentials.some(({ kind, createdAt }) => kind === 'PASSWORD' && createdAt > before)) return;
    const user = await this.#calls.read(userPath(id), withActions);
    if (!user) return;
    const body = { requiredActions: [...new Set([...user.requiredActions, 'UPDATE_PASSWORD'])] };
    await this.#calls.expect({ method: 'PUT', path: userPath(id), body }, 204, 404);
  }
}
