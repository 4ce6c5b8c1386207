import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { sentenceOf } from '../../src/commands/command-line.ts';
import { report } from '../../src/commands/reconcile.ts';

const nobodyThere = 'postgres://nobody:nothing@127.0.0.1:1/nowhere';
const stateDir = mkdtempSync(path.join(tmpdir(), 'customer-commands-'));
afterAll(() => rmSync(stateDir, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs a command as npm does, with nothing in its environment but what is given. */
async function command(name: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const { PATH, HOME } = process.env;
  const all = { PATH, HOME, STATE_DIR: stateDir, ...env };
  const child = spawn(process.execPath, ['local/boot.mjs', `src/commands/${name}.ts`, ...args], { env: all });
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number, out, error };
}

const stack = /^\s+at /m;
/** Those that need a database or Keycloak, and how each is called. */
const commands: [name: string, args: string[]][] = [
  ['audit-verify', []],
  ['dead-letters', ['list']],
  ['migrate', []],
  ['realm', ['check']],
  ['reconcile', []],
];

describe('the commands (contracts: commands)', () => {
  test('are all tried here', () => {
    const files = readdirSync('src/commands').map((file) => path.basename(file, '.ts'));

    expect(files.filter((name) => name !== 'command-line' && name !== 'generate')).toEqual(
      commands.map(([name]) => name),
    );
  });

  test.each(commands)('%s without a stack that runs says so in one sentence, and fails', async (name, args) => {
    const { code, error } = await command(name, args);

    expect(code).toBe(1);
    expect(error).toBe(
      `No stack runs from ${stateDir}: start one with npm start, or give DATABASE_URL and KEYCLOAK_URL.\n`,
    );
  });

  test.each(commands)('%s with half an environment says what is missing, and fails', async (name, args) => {
    const { code, error } = await command(name, args, { KEYCLOAK_URL: 'http://127.0.0.1:1' });

    expect(code).toBe(1);
    expect(error).toMatch(/must be given|is missing|needs values|Set /);
    expect(error).not.toMatch(stack);
  });

  test.each(['audit-verify', 'dead-letters', 'migrate'])(
    '%s without a database says so in one sentence, without a password',
    async (name) => {
      const { code, error } = await command(name, ['list'], {
        DATABASE_URL: nobodyThere,
        KEYS_DATABASE_URL: nobodyThere,
      });

      expect(code).toBe(1);
      expect(error).toBe('PostgreSQL does not answer: is it running, and is its address right?\n');
    },
  );

  test('realm without Keycloak says so, and does not blame PostgreSQL', async () => {
    const values = ['BFF_CLIENT_SECRET', 'SERVICE_CLIENT_SECRET', 'LOGIN_CLIENT_SECRET', 'SMTP_HOST', 'SMTP_PORT'];
    const given = [...values, 'SMTP_FROM', 'KEYCLOAK_ADMIN_USER', 'KEYCLOAK_ADMIN_PASSWORD'].map((name) => [name, '1']);
    const addresses = { KEYCLOAK_URL: 'http://127.0.0.1:1111', BFF_URL: 'http://127.0.0.1:1111' };

    const { code, error } = await command('realm', ['check'], { ...Object.fromEntries(given), ...addresses });

    expect(code).toBe(1);
    expect(error).toBe('Keycloak does not answer: is it running, and is KEYCLOAK_URL right?\n');
  });

  test.each([
    ['realm', ['destroy']],
    ['realm', ['check', 'apply']],
    ['reconcile', ['--dry']],
    ['dead-letters', ['show', 'x']],
  ])('%s %j is answered with how to use it', async (name, args) => {
    const { code, error } = await command(name, args, { DATABASE_URL: nobodyThere });

    expect(code).toBe(1);
    expect(error).toContain(`npm run ${name}`);
    expect(error).not.toMatch(stack);
  });

  test.each([
    ['its own words', new Error('There is no such dead letter.'), 'There is no such dead letter.'],
    ['the first of several', new AggregateError([new Error('This one.'), new Error('That one.')]), 'This one.'],
    ['a connection that broke', Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'PostgreSQL does not answer'],
    ['nothing that can be read', 'a text', 'It failed.'],
    ['an error without words', new Error(), 'It failed.'],
  ])('an error is told by %s', (_what, error, told) => {
    expect(sentenceOf(error)).toContain(told);
  });

  test('reconcile names the customers of whom Keycloak refuses something, and counts in words that fit', () => {
    const found = { users: 1, links: 2, withoutCustomer: 0, missing: 1, stopped: false, drift: [] };
    const lines: string[] = [];

    report({ ...found, refused: [{ customerId: 'c-1', fields: ['givenName', 'phone'] }] }, true, (line) =>
      lines.push(line),
    );

    expect(lines).toEqual([
      '1 user at Keycloak, 2 links here.',
      '0 users had no customer, 1 link has no user (closed customers apart).',
      'Keycloak’s rules refuse a part of 1 profile:',
      '  customer c-1: givenName, phone',
      'Found in the last seven days:',
      '  nothing',
    ]);
  });

  test('while npm start runs, a command without a database uses that one’s', async () => {
    const environment = { DATABASE_URL: nobodyThere, KEYS_DATABASE_URL: nobodyThere };
    writeFileSync(path.join(stateDir, 'environment.json'), JSON.stringify(environment));

    const { error } = await command('migrate', []);

    expect(error).toContain(`Using the stack that runs from ${stateDir}.`);
    expect(error).toContain('PostgreSQL does not answer');
    rmSync(path.join(stateDir, 'environment.json'));
  });
});
