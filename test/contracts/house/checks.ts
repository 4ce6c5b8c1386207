import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A check that needs no stack: a program of ours or of a dependency that fails with a fault in the tree it runs in. */
export interface Check {
  name: string;
  /** What a reader of the output learns from a failure. */
  says: string;
  /** Program and arguments, for the tree at `root`. */
  command(root: string): string[];
}

const cruised = ['src', 'local', 'test', 'docs'];

/** Every check of the sources, in the order of a full run. Each can be run alone by its name. */
export const checks: readonly Check[] = [
  { name: 'format', says: 'oxfmt writes the files as they stand', command: () => ['oxfmt', '--check', '.'] },
  { name: 'lint', says: 'oxlint, with types, finds nothing', command: () => ['oxlint', '--deny-warnings', '.'] },
  { name: 'types', says: 'the compiler accepts every file', command: () => ['tsc', '--noEmit', '--pretty', 'false'] },
  {
    name: 'imports',
    says: 'the import rules hold',
    command: (root) => [
      'depcruise',
      '--config',
      '.dependency-cruiser.mjs',
      '--output-type',
      'err-long',
      ...cruised.filter((folder) => existsSync(join(root, folder))),
    ],
  },
  { name: 'dead-code', says: 'every file, export and dependency is used', command: () => ['knip', '--no-progress'] },
];
