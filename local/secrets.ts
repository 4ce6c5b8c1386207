import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.ts';

const password = (): string => randomBytes(24).toString('base64url');
const key = (): string => randomBytes(32).toString('base64');

/** One maker per secret of a local stack. */
const makers = {
  /** The superuser `postgres`, and one role per database. */
  postgres: password,
  postgresCustomer: password,
  postgresKeys: password,
  postgresKeycloak: password,
  postgresKeycloakReader: password,
  redis: password,
  keycloakAdmin: password,
  /** Keycloak's clients. */
  clientBff: password,
  clientService: password,
  clientLogin: password,
  /** Our client at the realm that stands for Auth0. */
  clientSocial: password,
  /** Signs what Keycloak delivers to the service. */
  keycloakEvents: password,
  router: password,
  /** At the catcher of text messages. */
  sms: password,
  /** 32 bytes each, base64. */
  keyEncryption: key,
  index: key,
  token: key,
};

/** The passwords and keys of one stack. */
export type Secrets = Record<keyof typeof makers, string>;

const fileIn = (stateDir: string): string => path.join(stateDir, 'secrets.json');

/** Whether the stack of this folder has run before. Without its secrets, its data could not be read any more. */
export const hasSecrets = (stateDir: string): boolean => existsSync(fileIn(stateDir));

/**
 * Reads the stack's secrets, and makes those that do not exist yet, at random. They stay in `secrets.json` of the state
 * folder, readable by its owner only.
 *
 * @throws Failure when the file is not JSON
 */
export function loadSecrets(stateDir: string): Secrets {
  const file = fileIn(stateDir);
  let known: Partial<Secrets> = {};
  try {
    if (existsSync(file)) known = JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>;
  } catch {
    throw new Failure(`${file} cannot be read; begin anew with "npm start -- --fresh".`);
  }
  const names = Object.keys(makers) as (keyof Secrets)[];
  const secrets = Object.fromEntries(names.map((name) => [name, known[name] ?? makers[name]()])) as Secrets;
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}
