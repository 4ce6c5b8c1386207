import { isOutage } from '../platform/database.ts';

/** Prints one line. */
export type Say = (line: string) => void;

/** What to tell of an error: a sentence, never a stack. */
export function sentenceOf(error: unknown): string {
  if (isOutage(error)) return 'PostgreSQL does not answer: is it running, and is its address right?';
  if (error instanceof AggregateError) return sentenceOf(error.errors[0]);
  return error instanceof Error && error.message ? error.message : 'It failed.';
}

/**
 * Runs a command: its lines go to standard output, its error as one sentence to standard error.
 *
 * @param work  gets the arguments and the environment; returns whether all is well, which is the exit code
 */
export async function commandLine(
  work: (args: string[], env: NodeJS.ProcessEnv, say: Say) => Promise<boolean>,
): Promise<void> {
  const say: Say = (line) => void process.stdout.write(`${line}\n`);
  try {
    process.exitCode = (await work(process.argv.slice(2), process.env, say)) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}\n`);
    process.exitCode = 1;
  }
}
