import { describe, expect, test } from 'vitest';
import { checks } from './checks.ts';
import { Fixture } from './fixture.ts';

const used = "import './extra.ts';\n";

/** One fault per line: the check that must see it, the file, its text, and a part of what is said. */
const faults: [check: string, path: string, text: string, said: string][] = [
  ['format', 'src/main.ts', 'export  {}', 'src/main.ts'],
  ['format', 'test/wide.test.ts', 'const   wide = "x"', 'test/wide.test.ts'],
  ['types', 'src/main.ts', "export const n: number = 'text';\n", 'TS2322'],
  ['types', 'src/main.ts', 'export enum Kind {\n  One,\n}\n', 'TS1294'],
  ['types', 'src/main.ts', 'export const first: string = [`a`][0];\n', 'TS2322'],
  ['lint', 'src/a.ts', 'declare function save(): Promise<void>;\nsave();\n', 'no-floating-promises'],
  ['lint', 'src/a.ts', 'declare function save(): Promise<void>;\n[1].forEach(save);\n', 'no-misused-promises'],
  ['lint', 'src/a.ts', 'await 1;\n', 'await-thenable'],
  ['lint', 'src/a.ts', "throw 'text';\n", 'only-throw-error'],
  ['lint', 'src/a.ts', "void process.env['A'];\n", 'parsed configuration'],
  ['lint', 'src/a.ts', "import { env } from 'node:process';\nvoid env;\n", 'parsed configuration'],
  ['lint', 'src/a.ts', 'void Date.now();\n', 'the clock you are given'],
  ['lint', 'src/a.ts', "void fetch('x');\n", 'which has a timeout'],
  ['lint', 'src/a.ts', "void globalThis.fetch('x');\n", 'which has a timeout'],
  ['lint', 'src/a.ts', "console.log('x');\n", 'the logger you are given'],
  ['lint', 'src/a.ts', 'void Math.random();\n', 'Not unpredictable'],
  ['lint', 'src/a.ts', '// TO' + 'DO later\n', 'no-warning-comments'],
  ['lint', 'src/a.ts', "// oxlint-disable-next-line eqeqeq -- nothing to switch off here\nvoid 'x';\n", 'Unused'],
  [
    'lint',
    'src/domain/a.ts',
    "import { EntityManager } from '@mikro-orm/core';\nvoid EntityManager;\n",
    'The domain does no I/O',
  ],
  [
    'lint',
    'src/domain/a.ts',
    "import { randomUUID } from 'node:crypto';\nvoid randomUUID;\n",
    'The domain does no I/O',
  ],
  ...['transactional', 'flush', 'assign', 'nativeUpdate', 'upsert', 'insertMany'].map(
    (name): [string, string, string, string] => [
      'lint',
      'src/features/x/a.ts',
      `declare const em: { ${name}(): void };\nem.${name}();\n`,
      'Change customers inside `transact`',
    ],
  ),
  ['lint', 'test/a.test.ts', "import { test } from 'vitest';\ntest.skip('x', () => {});\n", 'no-disabled-tests'],
  ['dead-code', 'src/unused.ts', 'export {};\n', 'src/unused.ts'],
  ['dead-code', 'src/main.ts', used, 'zod'],
  [
    'dead-code',
    'src/domain/greeting.ts',
    "export const greeting = 'Hello';\nexport const farewell = 'Bye';\n",
    'farewell',
  ],
];

describe('every check accepts a sound tree and sees one fault', () => {
  test.each(checks.map(({ name }) => name))('%s accepts a sound tree', async (name) => {
    const fixture = new Fixture();

    const { code, output } = await fixture.check(name);

    expect({ code, output }).toMatchObject({ code: 0 });
  });

  test.each(faults)('%s sees the fault in %s: %j', async (name, path, text, said) => {
    const fixture = new Fixture({ [path]: text });

    const { code, output } = await fixture.check(name);

    expect(code).not.toBe(0);
    expect(output.replaceAll(/\s+/g, ' ')).toContain(said);
  });

  test('what is forbidden elsewhere is allowed in its own place', async () => {
    const fixture = new Fixture({
      'src/platform/config.ts': "void process.env['A'];\n",
      'src/platform/clock.ts': 'void Date.now();\n',
      'src/platform/http-client.ts': "void fetch('x');\n",
      'src/commands/audit.ts': "console.log(process.env['A']);\n",
      'test/a.ts': "console.log(process.env['A'], Date.now(), fetch('x'));\n",
    });

    const { output } = await fixture.check('lint');

    expect(output).toContain('Found 0 warnings and 0 errors');
  });
});
