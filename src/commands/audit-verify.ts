import { z } from 'zod';
import { verifyChains } from '../messaging/audit-chains.ts';
import { openPool } from '../platform/database.ts';
import { commandLine } from './command-line.ts';

/**
 * Verifies the audit of every customer and names the first broken record.
 *
 * @param env   `DATABASE_URL`
 * @returns whether every chain is whole
 */
export async function verifyAudit(
  env: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
): Promise<boolean> {
  const url = z.url().safeParse(env['DATABASE_URL']);
  if (!url.success) throw new Error('DATABASE_URL must be given.');
  const pool = openPool({ url: url.data, pool: 1 });
  try {
    say('Reading the audit of every customer.');
    const { customers, records, broken } = await verifyChains(pool);
    say(`${customers} customers, ${records} records read.`);
    if (!broken) say('Every chain is whole.');
    if (broken) say(`Broken: record ${broken.sequence} of customer ${broken.customerId} is ${broken.problem}.`);
    return !broken;
  } finally {
    await pool.end();
  }
}

if (import.meta.main) await commandLine((_args, env, say) => verifyAudit(env, say));
