import type { Endpoints } from '../../local/endpoints.ts';
import { type AdminCall, openAdmin } from './keycloak-admin.ts';

/** What an admin does in the Keycloak console, by the API that the console uses. */
export interface KeycloakConsole {
  /** The id of the user with the address. */
  userOf(email: string): Promise<string>;
  /** What the console shows as the first name. */
  firstNameOf(id: string): Promise<string | undefined>;
  /** Changes a user as the console's form does: the whole representation, read and written. */
  change(id: string, changes: Record<string, unknown>): Promise<void>;
}

/** Signs in as the administrator of the stack. */
export async function openConsole(endpoints: Endpoints): Promise<KeycloakConsole> {
  const call = await openAdmin(endpoints);
  const ask: AdminCall = async (method, path, body) => {
    const answer = await call(method, `/users${path}`, body);
    if (!answer.ok) throw new Error(`Keycloak answered ${answer.status} to ${method}.`);
    return answer;
  };
  return {
    async userOf(email) {
      const found = await ask('GET', `?exact=true&email=${encodeURIComponent(email)}`);
      const [user] = (await found.json()) as { id: string }[];
      if (!user) throw new Error('There is no such user.');
      return user.id;
    },
    async firstNameOf(id) {
      return ((await (await ask('GET', `/${id}`)).json()) as { firstName?: string }).firstName;
    },
    async change(id, changes) {
      const now = (await (await ask('GET', `/${id}`)).json()) as object;
      await ask('PUT', `/${id}`, { ...now, ...changes });
    },
  };
}
