import { parseArgs } from 'node:util';
import KeycloakAdminClient from '@keycloak/keycloak-admin-client';
import type RealmRepresentation from '@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.js';
import { brokerDifferences } from '../platform/realm/brokers.ts';
import { clientDifferences } from '../platform/realm/clients.ts';
import type { Difference } from '../platform/realm/difference.ts';
import { flowDifferences } from '../platform/realm/flows.ts';
import { roleDifferences } from '../platform/realm/roles.ts';
import { runningRealm } from '../platform/realm/running.ts';
import { scopeDifferences } from '../platform/realm/scopes.ts';
import { actionDifferences, profileDifferences, settingDifferences } from '../platform/realm/settings.ts';
import { commandLine, type Say } from './command-line.ts';
import { importable, wantedRealm, type WantedRealm } from '../platform/realm/wanted.ts';

/** The variables that the command reads. Those without a question mark must be set. */
type RealmEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Which Keycloak, and what the realm should be.
 *
 * `env`: KEYCLOAK_URL, KEYCLOAK_ADMIN_USER, KEYCLOAK_ADMIN_PASSWORD (of the realm `master`), KEYCLOAK_REALM (`customer`), BFF_URL (an
 * origin), BFF_CLIENT_SECRET, SERVICE_CLIENT_SECRET, LOGIN_CLIENT_SECRET, SMTP_HOST, SMTP_PORT, SMTP_FROM, SMTP_USER?, SMTP_PASSWORD?;
 * keys of providers: AUTH0_ISSUER?, AUTH0_CLIENT_ID?, AUTH0_CLIENT_SECRET?, GOOGLE_CLIENT_ID?, GOOGLE_CLIENT_SECRET?, APPLE_CLIENT_ID?,
 * APPLE_CLIENT_SECRET? (its JWT).
 * `overlay`: `local` adds what tests need; production has none.
 */
export type RealmOptions = { env: RealmEnvironment; overlay?: string };

const folder = new URL('../../keycloak/', import.meta.url);
const files = {
  realm: new URL('realm/customer.json', folder),
  brokers: new URL('realm/brokers.json', folder),
  overlays: { local: new URL('overlays/local.json', folder) },
};

const timeoutMs = 30_000;

/** Roles need permissions, scopes need roles, clients need scopes: what builds on something new is found in the next round. */
const mostRounds = 5;

function wantedBy({ env, overlay }: RealmOptions): WantedRealm {
  return wantedRealm(files, { ...env, KEYCLOAK_REALM: env['KEYCLOAK_REALM'] ?? 'customer' }, overlay);
}

async function connect({ env }: RealmOptions, realm: string): Promise<KeycloakAdminClient> {
  const needed = ['KEYCLOAK_URL', 'KEYCLOAK_ADMIN_USER', 'KEYCLOAK_ADMIN_PASSWORD'];
  const [baseUrl, username, password] = needed.map((name) => env[name]);
  if (!baseUrl || !username || !password) throw new Error(`Set ${needed.filter((name) => !env[name]).join(', ')}.`);
  const keycloak = new KeycloakAdminClient({
    baseUrl: baseUrl.replace(/\/$/, ''),
    realmName: 'master',
    timeout: timeoutMs,
  });
  await keycloak.auth({ grantType: 'password', clientId: 'admin-cli', username, password });
  keycloak.setConfig({ realmName: realm });
  return keycloak;
}

async function differences(keycloak: KeycloakAdminClient, wanted: WantedRealm): Promise<Difference[]> {
  const running = await runningRealm(keycloak, wanted);
  if (!running) {
    const settle = () => keycloak.realms.create(importable(wanted));
    return [{ says: `realm ${wanted.realm} is missing`, settle }];
  }
  const parts = [
    // Before the settings, which name one of them.
    flowDifferences,
    settingDifferences,
    actionDifferences,
    roleDifferences,
    scopeDifferences,
    clientDifferences,
    profileDifferences,
  ];
  return [
    ...parts.flatMap((part) => part(keycloak, wanted, running)),
    ...brokerDifferences(keycloak, wanted.social, running.brokers),
  ];
}

/** The whole realm, filled, in the form that Keycloak's `--import-realm` takes. `applyRealm` does the rest afterwards. */
export function realmRepresentation(options: RealmOptions): RealmRepresentation {
  return importable(wantedBy(options));
}

/**
 * Compares the running realm with its description.
 *
 * @returns one sentence for each difference, without secrets; none when they are the same
 * @throws Error when a value is missing or Keycloak refuses
 */
export async function checkRealm(options: RealmOptions): Promise<string[]> {
  const wanted = wantedBy(options);
  const found = await differences(await connect(options, wanted.realm), wanted);
  return found.map(({ says }) => says);
}

/**
 * Makes the running realm what the description says, from nothing if need be. Doing it again changes nothing.
 *
 * @returns one sentence for each thing that was changed
 * @throws Error when differences remain, which names them
 */
export async function applyRealm(options: RealmOptions): Promise<string[]> {
  const wanted = wantedBy(options);
  const keycloak = await connect(options, wanted.realm);
  const done: string[] = [];
  for (let round = 0; round < mostRounds; round++) {
    const found = await differences(keycloak, wanted);
    if (!found.length) return done;
    for (const { says, settle } of found) {
      await settle();
      done.push(says);
    }
  }
  const left = await differences(keycloak, wanted);
  if (left.length)
    throw new Error(`Still different after ${mostRounds} rounds: ${left.map(({ says }) => says).join('; ')}.`);
  return done;
}

const usage = 'Use: npm run realm -- check|apply [--overlay local]';

/**
 * `npm run realm -- check|apply [--overlay local]`. `REALM_OVERLAY` says the same as the option.
 *
 * @returns whether the realm is as described
 * @throws Error with one sentence for wrong use, a value that is missing, or a Keycloak that refuses
 */
export async function realm(args: string[], env: RealmEnvironment, say: Say): Promise<boolean> {
  const { positionals, values } = parseArgs({ args, allowPositionals: true, options: { overlay: { type: 'string' } } });
  const overlay = values.overlay ?? env['REALM_OVERLAY'];
  const options: RealmOptions = overlay ? { env, overlay } : { env };
  const [what, ...more] = positionals;
  if ((what !== 'check' && what !== 'apply') || more.length) throw new Error(usage);
  say(what === 'check' ? 'Comparing the realm with its description.' : 'Bringing the realm up to its description.');
  const found = await (what === 'check' ? checkRealm(options) : applyRealm(options)).catch((error: unknown) => {
    // `fetch` says no more than that it failed.
    if (!(error instanceof TypeError)) throw error;
    throw new Error('Keycloak does not answer: is it running, and is KEYCLOAK_URL right?');
  });
  for (const line of found) say(what === 'check' ? line : `settled: ${line}`);
  const isWhole = what === 'apply' || !found.length;
  if (isWhole) say('The realm is as described.');
  return isWhole;
}

if (import.meta.main) await commandLine(realm);
