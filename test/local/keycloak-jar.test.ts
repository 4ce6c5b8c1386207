import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ensureJavaTools, runToEnd } from '../../local/programs.ts';

const root = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'customer-jar-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the jar for Keycloak', () => {
  test('does what its own tests say', { timeout: 300_000 }, async () => {
    const { maven, compiler } = await ensureJavaTools(() => undefined);
    const args = ['-B', '-q', '-f', path.join(root, 'keycloak', 'pom.xml'), 'test', `-Doutput.directory=${folder}`];
    const env = { ...process.env, JAVA_HOME: compiler.home };

    const tests = runToEnd(maven, args, { cwd: folder, env, sentence: 'A test of the jar fails.' });

    await expect(tests).resolves.toBeUndefined();
  });
});
