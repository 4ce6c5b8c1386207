import { Unavailable } from '../domain/errors.ts';
import { entities } from '../entities.ts';
import { type Reconciliation, reconcile, type ReconcileCtx } from '../features/identity/reconcile.ts';

import { createJournal } from '../messaging/journal.ts';
import { openWork } from '../messaging/work.ts';
import { sharedTasks } from '../messaging/shared-tasks.ts';
import { systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { openDatabase, openPool } from '../platform/database.ts';
import { createKeyedHash } from '../platform/keyed-hash.ts';
import { KeycloakUsers } from '../platform/keycloak.ts';
import { KeycloakRows } from '../platform/keycloak-rows.ts';
import { CustomerKeys } from '../platform/keys.ts';
import { createLog } from '../platform/log.ts';
import { uncounted } from '../platform/metrics.ts';
import { createSeal } from '../platform/personal-data.ts';
import { commandLine, type Say } from './command-line.ts';

type Environment = Readonly<Record<string, string | undefined>>;

async function withParts<T>(env: Environment, work: (ctx: ReconcileCtx) => Promise<T>): Promise<T> {
  const config = readConfig(env);
  const [clock, log] = [systemClock, createLog('warn', process.stderr)];
  const database = await openDatabase(config.database, entities);
  const { orm, pool } = database;
  const keysPool = openPool({ url: config.database.keysUrl, pool: 2 });
  const queue = await openWork(config.database.url, sharedTasks, log);
  const keys = new CustomerKeys(keysPool, config.keys.encryption);
  const emailIndex = createKeyedHash('email', config.keys.index);
  const fingerprints = createKeyedHash('keycloak-user', config.keys.index);
  const rowsPool = config.keycloak.databaseUrl && openPool({ url: config.keycloak.databaseUrl, pool: 2 });
  const phoneIndex = createKeyedHash('phone', config.keys.index);
  const sealing = { keys, seal: createSeal(), emailIndex, phoneIndex };
  const { transactAs } = createJournal({ orm, ...sealing, clock, source: config.events.source });
  const keycloak = new KeycloakUsers(config.keycloak, clock, (seconds) => new Unavailable(seconds));
  try {
    const keycloakRows = rowsPool ? new KeycloakRows(rowsPool, config.keycloak.realm) : undefined;
    const indexes = { emailIndex, phoneIndex, fingerprints };
    const found = { config, clock, log, pool, keys, ...indexes, keycloak, keycloakRows };
    return await work({ ...found, transactAs, work: queue, figures: uncounted });
  } finally {
    await queue.stop();
    await keysPool.end();
    if (rowsPool) await rowsPool.end();
    await database.close();
  }
}

const counted = (count: number, one: string, several = `${one}s`): string => `${count} ${count === 1 ? one : several}`;

/** Prints what a comparison found: ids, counts and names of fields, never a value. */
export function report(found: Reconciliation, dryRun: boolean, say: Say): void {
  const { users, links, withoutCustomer, missing, refused } = found;
  say(`${counted(users, 'user')} at Keycloak, ${counted(links, 'link')} here.`);
  say(
    `${counted(withoutCustomer, 'user')} had no customer, ${counted(missing, 'link has', 'links have')} no user (closed customers apart).`,
  );
  if (refused.length) {
    say(
      `Keycloak’s rules refuse a part of ${counted(refused.length, 'profile')}${dryRun ? ':' : ', sent once more now:'}`,
    );
    for (const { customerId, fields } of refused) say(`  customer ${customerId}: ${fields.join(', ')}`);
  }
  if (found.stopped) say('Stopped: so many missing users mean a restored Keycloak. Nobody was closed.');
  say('Found in the last seven days:');
  for (const { line, kind, count } of found.drift) say(`  ${line} ${kind}: ${count}`);
  if (!found.drift.length) say('  nothing');
}

/**
 * Compares Keycloak with the customers, repairs unless told otherwise, and prints the drift report.
 *
 * @returns whether it came to its end
 */
export async function reconcileAll(env: Environment, dryRun: boolean, say: Say): Promise<boolean> {
  say(dryRun ? 'Comparing Keycloak with the customers.' : 'Comparing Keycloak with the customers, and repairing.');
  const found = await withParts(env, (ctx) => reconcile(ctx, dryRun)).catch((error: unknown) => {
    if (!(error instanceof Unavailable)) throw error;
    throw new Error('Keycloak does not answer, or the database no longer. Nothing is half done: run it again.');
  });
  report(found, dryRun, say);
  return !found.stopped;
}

if (import.meta.main) {
  await commandLine((args, env, say) => {
    const other = args.find((arg) => arg !== '--dry-run');
    if (other) throw new Error(`There is no option ${other}. Use: npm run reconcile [-- --dry-run]`);
    return reconcileAll(env, args.includes('--dry-run'), say);
  });
}
