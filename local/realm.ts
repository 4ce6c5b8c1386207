import { Failure, reasonOf } from './failure.ts';
import { realmName } from './keycloak.ts';
import type { Ports } from './ports.ts';
import type { Secrets } from './secrets.ts';
import { adminUser } from './endpoints.ts';
import { keycloakUrl, publicUrl } from './service.ts';
import { settleSocialRealm, socialEnvironment } from './social-realm.ts';

const placeholder = 'set-by-each-stack';

/** The realm without ports, secrets or addresses, for the data folder in the cache: equal sources give equal text. */
export async function plainRealm(): Promise<object> {
  const { realmRepresentation } = await import('../src/commands/realm.ts');
  const env = {
    KEYCLOAK_REALM: realmName,
    BFF_URL: 'http://localhost',
    BFF_CLIENT_SECRET: placeholder,
    SERVICE_CLIENT_SECRET: placeholder,
    LOGIN_CLIENT_SECRET: placeholder,
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: '1025',
    SMTP_FROM: 'no-reply@customer.localhost',
  };
  const realm = realmRepresentation({ env, overlay: 'local' });
  // Without a secret Keycloak makes one that nobody knows.
  const clients = realm.clients?.map(({ secret: _, ...client }) => client);
  return { ...realm, ...(clients ? { clients } : {}) };
}

/** What `npm run realm` reads, for this stack. */
export function realmEnvironment(ports: Ports, secrets: Secrets): Record<string, string> {
  return {
    KEYCLOAK_URL: keycloakUrl(ports),
    KEYCLOAK_ADMIN_USER: adminUser,
    KEYCLOAK_ADMIN_PASSWORD: secrets.keycloakAdmin,
    KEYCLOAK_REALM: realmName,
    BFF_URL: publicUrl(ports),
    BFF_CLIENT_SECRET: secrets.clientBff,
    SERVICE_CLIENT_SECRET: secrets.clientService,
    LOGIN_CLIENT_SECRET: secrets.clientLogin,
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(ports.SMTP_PORT),
    SMTP_FROM: 'no-reply@customer.localhost',
    ...socialEnvironment(ports, secrets),
  };
}

/**
 * Gives the running realm this stack's secrets, addresses and mail server, and whatever else changed in its description.
 *
 * @returns what was changed, a sentence each
 */
export async function settleRealm(ports: Ports, secrets: Secrets): Promise<string[]> {
  const { applyRealm } = await import('../src/commands/realm.ts');
  const env = realmEnvironment(ports, secrets);
  try {
    await settleSocialRealm(env);
    return await applyRealm({ env, overlay: 'local' });
  } catch (error) {
    const lost = 'if its administrator has another password than secrets.json, begin anew with "npm start -- --fresh"';
    throw new Failure(`The realm could not be settled (${reasonOf(error)}); ${lost}.`);
  }
}
