import { existsSync, readFileSync } from 'node:fs';

/** Something the person in front of the machine can act on: one clear sentence, and the tail of the failing part's log. */
export class Failure extends Error {
  /** The last lines the failing part wrote; empty when it wrote nothing. */
  readonly tail: string;

  constructor(sentence: string, tail = '') {
    super(sentence);
    this.tail = tail;
  }
}

/** The last lines of a log file, at most 4,000 characters; empty when the file does not exist. */
export function tailOf(file: string, lines = 20): string {
  if (!existsSync(file)) return '';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n').slice(-4000);
}

/** The text of whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
