import { copyFileSync, existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { copyFolder, type Cache, type Say } from './cache.ts';
import { planKeycloak } from './keycloak.ts';
import { freePort } from './ports.ts';
import { dataFolder, planPostgres, type PostgresPrograms } from './postgres.ts';
import type { Java } from './programs.ts';
import type { Secrets } from './secrets.ts';
import type { Part, Supervisor } from './supervisor.ts';
import { scratchFolder } from './unprivileged.ts';

/** What the data folder is made from. */
export interface KeycloakDataSources {
  programs: PostgresPrograms;
  /** What `provideEmptyData` made. */
  empty: string;
  /** What `provideKeycloak` made. */
  built: string;
  java: Java;
  /** The realm to import, without ports and secrets; undefined: only Keycloak's own. */
  realm: object | undefined;
  /** Any values; a stack sets its own. */
  secrets: Secrets;
  /** The stack's, so that what is started here ends with it. */
  supervisor: Supervisor;
}

/** The file with the classes Keycloak loads, beside `data` in the answer of `provideKeycloakData`. */
export const archiveName = 'keycloak.jsa';

type Inputs = Pick<KeycloakDataSources, 'empty' | 'built' | 'java' | 'realm'>;

const inputsOf = ({ empty, built, java, realm }: Inputs): unknown => ({
  empty: path.basename(empty),
  built: path.basename(built),
  java: java.version,
  realm,
});

/** What `provideKeycloakData` would answer, if it was made already: a stack that has its data needs only the archive. */
export const findKeycloakData = (cache: Cache, inputs: Inputs): string | undefined =>
  cache.find('keycloak-data', inputsOf(inputs));

/**
 * A PostgreSQL data folder with our roles and databases, in which Keycloak has made its schema and imported the realm,
 * and the archive of the classes it loaded: a stack that begins from them is ready in seconds.
 */
export function provideKeycloakData(cache: Cache, sources: KeycloakDataSources, say: Say): Promise<string> {
  const inputs = inputsOf(sources);
  return cache.provide('keycloak-data', inputs, async (folder) => {
    say('letting Keycloak make its schema and import the realm (once; half a minute)');
    const scratch = scratchFolder(sources.programs.user);
    const started: Part[] = [];
    try {
      const data = await importRealm(sources, scratch, started);
      await copyFolder(data, path.join(folder, 'data'));
      const archive = path.join(scratch, archiveName);
      if (existsSync(archive)) copyFileSync(archive, path.join(folder, archiveName));
    } finally {
      for (const part of started.toReversed()) await part.stop();
      rmSync(scratch, { recursive: true, force: true });
    }
  });
}

async function importRealm(sources: KeycloakDataSources, scratch: string, started: Part[]): Promise<string> {
  const { programs, empty, built, java, realm, secrets, supervisor } = sources;
  const taken = new Set<number>();
  const [port, managementPort, databasePort] = [await freePort(taken), await freePort(taken), await freePort(taken)];
  const wished = { programs, folder: path.join(scratch, 'data') };
  const postgres = await planPostgres({
    name: 'making-postgres',
    ...wished,
    template: empty,
    port: databasePort,
    secrets,
    durable: false,
  });
  started.push(await supervisor.start(postgres));
  const keycloak = await planKeycloak({
    name: 'making-keycloak',
    built,
    java,
    folder: path.join(scratch, 'keycloak'),
    port,
    managementPort,
    database: {
      url: `jdbc:postgresql://127.0.0.1:${databasePort}/keycloak`,
      user: 'keycloak',
      password: secrets.postgresKeycloak,
    },
    events: { url: 'http://127.0.0.1:9/', key: secrets.keycloakEvents },
    ...(realm ? { realm } : {}),
    archive: { file: path.join(scratch, archiveName), write: true },
  });
  started.push(await supervisor.start(keycloak));
  for (const part of started.toReversed()) await part.stop();
  return dataFolder(wished);
}
