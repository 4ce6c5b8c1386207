import { join } from 'node:path';
import { z } from 'zod';
import { commandLine } from './command-line.ts';
import { applyMigrations, migrationsIn } from '../platform/migrate.ts';

const variables = z.object({ DATABASE_URL: z.url(), KEYS_DATABASE_URL: z.url() });
const platform = join(import.meta.dirname, '..', 'platform');

/** The migrations of the main database. */
export const mainMigrations = join(platform, 'migrations');
/** The migrations of the database of customer keys. */
export const keyMigrations = join(platform, 'key-migrations');

/**
 * Brings both databases to the newest state.
 *
 * @param env  `DATABASE_URL` and `KEYS_DATABASE_URL` of roles that own their databases
 * @returns the names of the migrations that ran now
 */
export async function migrate(env: Readonly<Record<string, string | undefined>>): Promise<string[]> {
  const given = variables.safeParse(env);
  if (!given.success) throw new Error('DATABASE_URL and KEYS_DATABASE_URL must be given.');
  const keys = await applyMigrations(given.data.KEYS_DATABASE_URL, migrationsIn(keyMigrations));
  return [...keys, ...(await applyMigrations(given.data.DATABASE_URL, migrationsIn(mainMigrations)))];
}

if (import.meta.main) {
  await commandLine(async (_args, env, say) => {
    say('Bringing both databases to the newest state.');
    const names = await migrate(env);
    for (const line of names.length ? names.map((name) => `applied: ${name}`) : ['Nothing to do.']) say(line);
    return true;
  });
}
