import type { Endpoints } from '../../local/endpoints.ts';

/** What an admin does in the Keycloak console, by the API that the console uses. */
export interface KeycloakConsole {
  /** The id of the user with the address. */
  userOf(email: string): Promise<string>;
  /** Changes a user as the console's form does: the whole representation, read and written. */
  change(id: string, changes: Record<string, unknown>): Promise<void>;
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`Keycloak answered ${answer.status} to ${init.method ?? 'GET'}.`);
  return answer;
}

/** Signs in as the administrator of the stack. */
export async function openConsole({ keycloak }: Endpoints): Promise<KeycloakConsole> {
  const { adminUser: username, adminPassword: password } = keycloak;
  const form = new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username, password });
  const token = `${keycloak.url}/realms/master/protocol/openid-connect/token`;
  const answer = await ask(token, { method: 'POST', body: form });
  const { access_token: access } = (await answer.json()) as { access_token: string };
  const headers = { authorization: `Bearer ${access}`, 'content-type': 'application/json' };
  const users = `${keycloak.url}/admin/realms/${keycloak.realm}/users`;
  return {
    async userOf(email) {
      const found = await ask(`${users}?exact=true&email=${encodeURIComponent(email)}`, { headers });
      const [user] = (await found.json()) as { id: string }[];
      if (!user) throw new Error('There is no such user.');
      return user.id;
    },
    async change(id, changes) {
      const now = (await (await ask(`${users}/${id}`, { headers })).json()) as object;
      await ask(`${users}/${id}`, { method: 'PUT', headers, body: JSON.stringify({ ...now, ...changes }) });
    },
  };
}
