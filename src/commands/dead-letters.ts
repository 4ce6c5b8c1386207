import { validate } from 'uuid';
import { discard, findLetter, openLetters, replay } from '../messaging/dead-letters.ts';
import { systemClock } from '../platform/clock.ts';
import { openPool } from '../platform/database.ts';
import { commandLine } from './command-line.ts';

const usage = 'Use: npm run dead-letters -- list | show ID | replay ID | discard ID';

/**
 * `npm run dead-letters -- list|show ID|replay ID|discard ID`. Prints ids, reasons and times, never a payload.
 *
 * @returns the lines to print
 * @throws Error with one sentence for wrong use or an unknown letter
 */
export async function deadLetters(databaseUrl: string, [what, id]: readonly (string | undefined)[]): Promise<string[]> {
  const pool = openPool({ url: databaseUrl, pool: 1 });
  const parts = { pool, clock: systemClock };
  try {
    if (what === 'list') {
      const letters = await openLetters(parts);
      return letters.length ? letters.map((letter) => JSON.stringify(letter)) : ['There are no open dead letters.'];
    }
    if (!id || !validate(id) || !what || !['show', 'replay', 'discard'].includes(what)) throw new Error(usage);
    const letter = await findLetter(parts, id);
    if (!letter) throw new Error('There is no such dead letter.');
    if (what === 'show') return [JSON.stringify(letter, null, 2)];
    const done = await (what === 'replay' ? replay(parts, id) : discard(parts, id));
    if (!done) throw new Error('This dead letter was settled before.');
    return [what === 'replay' ? 'The message is back in the inbox.' : 'The dead letter is closed.'];
  } finally {
    await pool.end();
  }
}

if (import.meta.main) {
  await commandLine(async (args, { DATABASE_URL: url }, say) => {
    if (!url) throw new Error('DATABASE_URL must be given.');
    for (const line of await deadLetters(url, args)) say(line);
    return true;
  });
}
