import type { Endpoints } from '../../local/endpoints.ts';

/** One call of Keycloak's admin API for a realm; `path` is what follows the realm's name. */
export type AdminCall = (method: string, path: string, body?: unknown) => Promise<Response>;

/**
 * Signs in as the administrator of the stack. The token lasts a minute: open anew for later calls.
 *
 * @param realm  another one than the stack's own
 */
export async function openAdmin({ keycloak }: Pick<Endpoints, 'keycloak'>, realm = keycloak.realm): Promise<AdminCall> {
  const { url, adminUser: username, adminPassword: password } = keycloak;
  const form = new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username, password });
  const answer = await fetch(`${url}/realms/master/protocol/openid-connect/token`, { method: 'POST', body: form });
  if (!answer.ok) throw new Error(`Keycloak answered ${answer.status} to its administrator.`);
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return (method, path, body) =>
    fetch(`${url}/admin/realms/${realm}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
}
