import { describe, expect, test } from 'vitest';
import * as rules from './rules.ts';
import { parsed } from './sources.ts';

const lines = (count: number): string => '\n'.repeat(count);
const file = (text: string, path = 'src/domain/points.ts') => parsed({ path, text });

describe('the rules of the house can be broken', () => {
  test('a file of 301 lines is too long, one of 300 is not', () => {
    expect(rules.fileFaults({ path: 'src/long.ts', text: lines(301) })).toHaveLength(1);
    expect(rules.fileFaults({ path: 'src/long.ts', text: lines(300) })).toEqual([]);
  });

  test.each(['src/utils.ts', 'src/http/index.ts', 'src/helpers/text.ts', 'local/common.mjs', 'src/Util.ts'])(
    '%s says nothing',
    (path) => {
      expect(rules.fileFaults({ path, text: '' })).toHaveLength(1);
    },
  );

  test('the median is that of all files', () => {
    const files = [1, 500, 120].map((count) => ({ path: 'src/a.ts', text: lines(count) }));

    expect(rules.medianLines(files)).toBe(120);
  });

  test.each(['function f() {%}', 'const f = () => {%};', 'class C { m() {%} }', 'const f = () => [%];'])(
    'a function of 41 lines is too long: %s',
    (shape) => {
      expect(rules.functionFaults(file(shape.replace('%', lines(40))))).toHaveLength(1);
      expect(rules.functionFaults(file(shape.replace('%', lines(39))))).toEqual([]);
    },
  );

  test('a table of fields and the callback of a test are not counted, a function of the test is', () => {
    const long = `describe('x', () => { const f = () => {${lines(41)}}; });`;

    expect(rules.functionFaults(file(`const fields = (t) => ({${lines(80)}});`))).toEqual([]);
    expect(rules.functionFaults(file(long, 'test/domain/a.test.ts'))).toHaveLength(1);
    expect(rules.functionFaults(file(long))).toHaveLength(2);
  });

  test.each([
    '// oxlint-disable-next-line no-console',
    '/* eslint-disable */',
    '// @ts-expect-error',
    '// @ts-ignore because it is broken elsewhere',
    '/* v8 ignore next */',
  ])('%s gives no reason', (comment) => {
    expect(rules.suppressionFaults(file(comment))).toHaveLength(1);
  });

  test.each([
    '// oxlint-disable-next-line no-console -- the logger is not there yet',
    '// @ts-expect-error the library declares the option as required',
  ])('%s gives one', (comment) => {
    expect(rules.suppressionFaults(file(comment))).toEqual([]);
  });

  test('the time is read in the clock only', () => {
    const text = 'const a = new Date(); const b = Date(); const c = new Date(5);';

    expect(rules.clockFaults(file(text))).toHaveLength(2);
    expect(rules.clockFaults(file(text, 'src/platform/clock.ts'))).toEqual([]);
    expect(rules.clockFaults(file(text, 'test/domain/a.test.ts'))).toEqual([]);
  });

  test.each([
    'export const a = 1;',
    'export type A = 1;',
    'export interface A {}',
    'export default class {}',
    'const a = 1; export { a };',
    '/* no doc */ export const a = 1;',
    '/** Of something else. */ const b = 1; export const a = b;',
  ])('unexplained: %s', (text) => {
    expect(rules.documentationFaults(file(text))).toHaveLength(1);
  });

  test.each([
    '/** A. */ export const a = 1;',
    '/** A. */ const a = 1; export { a };',
    '/** F. */ export function f(x: 1): 1; export function f(x: unknown): unknown { return x; }',
  ])('explained: %s', (text) => {
    expect(rules.documentationFaults(file(text))).toEqual([]);
  });

  // In parts, since this file is looked through as well.
  test.each([
    ['cd /home', 'ann', 'src'],
    ['see /root', '.m2'],
    ['https:/', 'registry.example.com', 'a'],
  ])('a place: %s/%s', (...parts) => {
    const text = parts.join('/');

    expect(rules.placeFaults({ path: 'README.md', text }, [])).toHaveLength(1);
  });

  test('a path of the checkout itself is a place too', () => {
    expect(rules.placeFaults({ path: 'README.md', text: 'in /srv/customer/src' }, ['/srv/customer/'])).toHaveLength(1);
  });
});
