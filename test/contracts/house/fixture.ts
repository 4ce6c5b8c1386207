import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { run, type Ended } from '../../processes.ts';
import { checks } from './checks.ts';

const root = resolve(import.meta.dirname, '../../..');
const shared = ['.oxfmtrc.json', 'oxlint.config.ts', '.dependency-cruiser.mjs', 'knip.ts', 'tsconfig.json'];

const manifest = {
  name: 'sample',
  private: true,
  type: 'module',
  dependencies: { zod: '*' },
  devDependencies: { oxlint: '*' },
};

/** A small tree that every check accepts. */
const sound: Record<string, string> = {
  'package.json': `${JSON.stringify(manifest, null, 2)}\n`,
  'src/main.ts':
    "import { z } from 'zod';\nimport { greeting } from './domain/greeting.ts';\n\nz.string().parse(greeting);\n",
  'src/domain/greeting.ts': "/** What a customer reads first. */\nexport const greeting = 'Hello';\n",
};

/** A temporary tree with the house's configuration, the sound files and the given ones. */
export class Fixture {
  readonly root = mkdtempSync(join(tmpdir(), 'house-'));

  constructor(files: Record<string, string> = {}) {
    onTestFinished(() => rmSync(this.root, { recursive: true, force: true }));
    for (const name of shared) copyFileSync(join(root, name), join(this.root, name));
    symlinkSync(join(root, 'node_modules'), join(this.root, 'node_modules'));
    for (const [path, text] of Object.entries({ ...sound, ...files })) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true });
      writeFileSync(join(this.root, path), text);
    }
  }

  /** Runs one of the checks here, with further arguments. */
  check(name: string, ...more: string[]): Promise<Ended> {
    const check = checks.find((one) => one.name === name);
    if (!check) throw new Error(`no check ${name}`);
    return run([...check.command(this.root), ...more], this.root);
  }
}
