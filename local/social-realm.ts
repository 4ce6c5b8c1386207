import { readFileSync } from 'node:fs';
import type { Ports } from './ports.ts';
import type { Secrets } from './secrets.ts';

/** The realm that stands for Auth0 and the social providers. */
export const socialRealm = 'social';
/** Our client there. */
const socialClient = 'customer-shop';
const description = new URL('../keycloak/overlays/social.json', import.meta.url);

/** The `iss` of its tokens. */
const socialIssuer = ({ KEYCLOAK_PORT }: Ports): string => `http://localhost:${KEYCLOAK_PORT}/realms/${socialRealm}`;

/** The keys of the broker `auth0`, as `npm run realm` reads them. */
export function socialEnvironment(ports: Ports, secrets: Secrets): Record<string, string> {
  const protocol = `${socialIssuer(ports)}/protocol/openid-connect`;
  return {
    AUTH0_ISSUER: socialIssuer(ports),
    AUTH0_AUTHORIZATION_URL: `${protocol}/auth`,
    AUTH0_TOKEN_URL: `${protocol}/token`,
    AUTH0_USERINFO_URL: `${protocol}/userinfo`,
    AUTH0_KEYS_URL: `${protocol}/certs`,
    AUTH0_CLIENT_ID: socialClient,
    AUTH0_CLIENT_SECRET: secrets.clientSocial,
  };
}

/** The same as the issuer that takes over while Keycloak is away, though here both are one process. */
export const fallbackEnvironment = (ports: Ports, secrets: Secrets): Record<string, string> => ({
  IDENTITY_FALLBACK_ISSUER: socialIssuer(ports),
  IDENTITY_FALLBACK_AUDIENCE: 'customer-api',
  IDENTITY_FALLBACK_CLIENT_ID: socialClient,
  IDENTITY_FALLBACK_CLIENT_SECRET: secrets.clientSocial,
  IDENTITY_FALLBACK_KEYS_URL: `${socialIssuer(ports)}/protocol/openid-connect/certs`,
});

type Environment = Readonly<Record<string, string>>;
type Call = (method: string, path: string, body?: object) => Promise<Response>;

async function administrator({ KEYCLOAK_URL, ...env }: Environment): Promise<Call> {
  const form = { grant_type: 'password', client_id: 'admin-cli', username: env['KEYCLOAK_ADMIN_USER'] ?? '' };
  const body = new URLSearchParams({ ...form, password: env['KEYCLOAK_ADMIN_PASSWORD'] ?? '' });
  const answer = await fetch(`${KEYCLOAK_URL}/realms/master/protocol/openid-connect/token`, { method: 'POST', body });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  return (method, path, content) =>
    fetch(`${KEYCLOAK_URL}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(content ? { body: JSON.stringify(content) } : {}),
    });
}

async function must(asked: Promise<Response>): Promise<unknown> {
  const answer = await asked;
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the second realm: HTTP ${answer.status}`);
  return text ? (JSON.parse(text) as unknown) : undefined;
}

/** Makes the second realm, or gives the one that is there this stack's addresses and secret; its people stay. */
export async function settleSocialRealm(env: Environment): Promise<void> {
  const values: Environment = { ...env, SOCIAL_CLIENT_SECRET: env['AUTH0_CLIENT_SECRET'] ?? '' };
  const text = readFileSync(description, 'utf8').replaceAll(
    /\$\{([A-Z][A-Z0-9_]*)\}/g,
    (_all, name: string) => values[name] ?? '',
  );
  const realm = JSON.parse(text) as { clients: object[] };
  const call = await administrator(env);
  const there = await call('GET', `/${socialRealm}`);
  await there.body?.cancel();
  if (there.status === 404) {
    await must(call('POST', '', realm));
    return;
  }
  const found = (await must(call('GET', `/${socialRealm}/clients?clientId=${socialClient}`))) as { id: string }[];
  const [client] = realm.clients;
  for (const { id } of found) await must(call('PUT', `/${socialRealm}/clients/${id}`, { ...client, id }));
}
