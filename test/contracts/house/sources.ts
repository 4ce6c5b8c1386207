import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Comment, parseSync, Visitor, type VisitorObject } from 'oxc-parser';

/** A file as the rules see it; `path` is relative to the repository, with forward slashes. */
export interface Source {
  path: string;
  text: string;
}

/** The files of the tree that are or would be committed, lock file and binaries aside. */
export function committedFiles(root: string): Source[] {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  if (listed.status !== 0) throw new Error(`git ls-files: ${listed.stderr.toString()}`);
  return listed.stdout
    .toString()
    .split('\0')
    .filter(
      (path) =>
        path && path !== 'package-lock.json' && existsSync(join(root, path)) && statSync(join(root, path)).isFile(),
    )
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'));
}

/** Whether the budgets count this file: written by hand, and code. */
export function isOurCode({ path }: Source): boolean {
  return (
    /^(src|local|test|docs|keycloak)\/.+[.](ts|tsx|mjs|java)$/.test(path) &&
    !/^src\/texts\/|^src\/grpc\/generated\/|^test\/support\/generated\/|^test\/fixtures\//.test(path)
  );
}

/** A parsed TypeScript file. */
export interface Parsed extends Source {
  comments: Comment[];
  program: ReturnType<typeof parseSync>['program'];
  visit(visitor: VisitorObject): void;
  lineOf(offset: number): number;
}

/** Parses one file; a file that cannot be parsed is the compiler's affair and throws here. */
export function parsed(source: Source): Parsed {
  const { program, comments, errors } = parseSync(source.path, source.text, { preserveParens: false });
  if (errors.length) throw new Error(`${source.path}: ${errors[0]?.message}`);
  const starts = [0, ...[...source.text.matchAll(/\n/g)].map((found) => found.index + 1)];
  return {
    ...source,
    program,
    comments,
    visit: (visitor) => new Visitor(visitor).visit(program),
    lineOf: (offset) => starts.findLastIndex((start) => start <= offset) + 1,
  };
}

/** How many lines a text has; a last line end begins no further line. */
export function linesOf(text: string): number {
  return text.replace(/\n$/, '').split('\n').length;
}
