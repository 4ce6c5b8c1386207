import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as rules from './rules.ts';
import { committedFiles, isOurCode, parsed } from './sources.ts';

const root = resolve(import.meta.dirname, '../../..');
const files = committedFiles(root);
const code = files.filter(isOurCode);
const typed = code.filter(({ path }) => /[.](ts|tsx|mjs)$/.test(path)).map(parsed);

describe('the house, as it stands', () => {
  test('no file is too long to read, and each name says what is in it', () => {
    expect(code.flatMap(rules.fileFaults)).toEqual([]);
  });

  test('half of the files are short', () => {
    expect(rules.medianLines(code)).toBeLessThan(rules.budgets.medianLines);
  });

  test('no function is too long to read', () => {
    expect(typed.flatMap(rules.functionFaults)).toEqual([]);
  });

  test('every suppression says why on its line', () => {
    expect(typed.flatMap(rules.suppressionFaults)).toEqual([]);
  });

  test('only the clock reads the time', () => {
    expect(typed.flatMap(rules.clockFaults)).toEqual([]);
  });

  test('everything exported in src/ is explained', () => {
    const exporting = typed.filter(({ path }) => path.startsWith('src/'));

    expect(exporting.flatMap(rules.documentationFaults)).toEqual([]);
  });

  test('nothing names a path or a host that only some machines have', () => {
    expect(files.flatMap((file) => rules.placeFaults(file, [`${root}/`]))).toEqual([]);
  });
});
