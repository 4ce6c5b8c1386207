import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** Paths in backquotes that belong to this repository. */
export function pathsIn(text: string): string[] {
  const quoted = [...text.matchAll(/`([^`\s]+)`/g)].map(([, path]) => path ?? '');
  return [...new Set(quoted)].filter((path) => /^(src|test|local|keycloak|docs|schema|deploy)\//.test(path));
}

describe('the README', () => {
  test('names only paths that exist', () => {
    const paths = pathsIn(readme);

    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('a path that does not exist is seen', () => {
    expect(pathsIn('see `src/nowhere.ts` and `npm test`')).toEqual(['src/nowhere.ts']);
  });

  test('lists the commands that package.json has, and no others', () => {
    const rows = [...readme.matchAll(/^\| `npm (?:run )?([\w:-]+)/gm)].map(([, name]) => name ?? '');

    expect(rows.toSorted()).toEqual(Object.keys(manifest.scripts).toSorted());
  });

  test('decision records have their number and the four parts', () => {
    const folder = join(root, 'docs/decisions');
    const faulty = readdirSync(folder).filter((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const parts = ['Accepted ', '**Situation.**', '**Decision.**', '**Price.**', '**Wrong if**'];
      return !text.startsWith(`# ${Number(file.slice(0, 4))}. `) || !parts.every((part) => text.includes(part));
    });

    expect(faulty).toEqual([]);
  });
});
