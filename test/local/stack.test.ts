import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { Redis } from 'ioredis';
import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRunning, recordOf, type ProcessRecord } from '../../local/processes.ts';
import { startStack, type Stack, type StackOptions } from '../../local/stack.ts';

let stateDir: string;
let stack: Stack | undefined;

beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), 'customer-state-'));
});

afterEach(async () => {
  await stack?.stop();
  stack = undefined;
  rmSync(stateDir, { recursive: true, force: true });
});

const stores: StackOptions = { parts: ['postgres', 'redis', 'mail'], durable: false };

async function ask(connectionString: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows[0] as unknown;
  } finally {
    await client.end();
  }
}

function recordsOf(running: Stack): ProcessRecord[] {
  return [...running.parts.values()].map(({ pid }) => {
    const record = pid === undefined ? undefined : recordOf(pid);
    if (!record) throw new Error('A part does not run.');
    return record;
  });
}

/** A stack in a process of its own, on the same state folder, that is then killed as by an accident. */
async function crash(): Promise<ProcessRecord[]> {
  const program = `
    import { startStack } from ${JSON.stringify(path.resolve('local/stack.ts'))};
    const stack = await startStack({ parts: ['postgres', 'redis'], durable: false, stateDir: ${JSON.stringify(stateDir)} });
    console.log(JSON.stringify([...stack.parts.values()].map(({ pid }) => pid)));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program]);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const records = (JSON.parse(line.toString()) as number[]).map(recordOf);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return records.filter((record) => record !== undefined);
}

describe('a stack', () => {
  test('is reachable where its endpoints say, each role in its own database only', async () => {
    stack = await startStack({ ...stores, stateDir });
    const { postgres, redis } = stack.endpoints;

    expect(await ask(postgres.url, 'select current_user as role')).toEqual({ role: 'customer' });
    expect(await ask(postgres.keysUrl, 'select current_user as role')).toEqual({ role: 'customer_keys' });
    await expect(ask(`${postgres.url}_keys`, 'select 1')).rejects.toThrow(/permission denied/);
    await expect(ask(postgres.url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow(/authentication failed/);
    const open = new Redis(stack.ports.REDIS_PORT, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
    open.on('error', () => undefined);
    await expect(open.ping()).rejects.toThrow(/NOAUTH/);
    open.disconnect();
    expect(redis.url).toContain(`:${stack.ports.REDIS_PORT}`);
  });

  test('keeps its secrets to itself and its data over a restart', async () => {
    stack = await startStack({ ...stores, stateDir });
    await ask(stack.endpoints.postgres.url, 'create table kept (id int)');
    await stack.stop();

    stack = await startStack({ ...stores, stateDir });

    expect(await ask(stack.endpoints.postgres.url, 'select count(*) as n from kept')).toEqual({ n: '0' });
    for (const file of ['secrets.json', 'endpoints.json']) {
      expect(statSync(path.join(stateDir, file)).mode & 0o077).toBe(0);
    }
  });

  test('begun anew has forgotten its data', async () => {
    stack = await startStack({ ...stores, stateDir });
    await ask(stack.endpoints.postgres.url, 'create table kept (id int)');
    await stack.stop();

    stack = await startStack({ ...stores, stateDir, fresh: true });

    expect(await ask(stack.endpoints.postgres.url, `select to_regclass('kept') as kept`)).toEqual({ kept: null });
  });

  test('writes no value of a failing statement into its log', async () => {
    stack = await startStack({ ...stores, stateDir });
    const { url } = stack.endpoints.postgres;
    await ask(url, 'create table person (mail text primary key)');
    await ask(url, `insert into person values ('ada@example.test')`);

    await expect(ask(url, `insert into person values ('ada@example.test')`)).rejects.toThrow(/duplicate key/);
    await expect(ask(url, `select 'ada@example.test'::int`)).rejects.toThrow(/invalid input/);

    const log = readFileSync(stack.parts.get('postgres')?.logFile ?? '', 'utf8');
    expect(log).toContain('ready to accept connections');
    expect(log).not.toContain('ada@');
  });

  test('leaves no process and no endpoints behind', async () => {
    stack = await startStack({ ...stores, stateDir });
    const records = recordsOf(stack);
    expect(records.every(isRunning)).toBe(true);

    await stack.stop();

    expect(records.some(isRunning)).toBe(false);
    expect(existsSync(path.join(stateDir, 'endpoints.json'))).toBe(false);
  });

  test('without a folder of its own leaves nothing on the disk', async () => {
    stack = await startStack(stores);
    const { stateDir: folder } = stack;
    expect(existsSync(folder)).toBe(true);

    await stack.stop();

    expect(existsSync(folder)).toBe(false);
  });

  test('killed in the middle is recovered by the next start, with its data', async () => {
    const orphans = await crash();
    expect(orphans).toHaveLength(2);
    expect(orphans.every(isRunning)).toBe(true);
    const said: string[] = [];

    stack = await startStack({ ...stores, stateDir, say: (line) => said.push(line) });

    expect(said[0]).toBe('ended what a crashed run had left: postgres, redis');
    expect(orphans.some(isRunning)).toBe(false);
  });

  test('that already runs from the folder is told in one sentence', async () => {
    stack = await startStack({ ...stores, stateDir });

    await expect(startStack({ ...stores, stateDir })).rejects.toThrow(
      /^A stack already runs from .*; stop it, or set STATE_DIR/,
    );
  });

  test('that is still stopping is waited for, aloud', async () => {
    const first = await startStack({ ...stores, stateDir });
    const said: string[] = [];
    const stopping = first.stop();

    stack = await startStack({ ...stores, stateDir, say: (line) => said.push(line) });

    expect(said[0]).toBe(`waiting for the stack of process ${process.pid}, which is being stopped`);
    await stopping;
  });

  test('whose step fails ends what had started', async () => {
    const first = await startStack({ ...stores, stateDir });
    const taken = first.ports.SMTP_PORT;
    const other = mkdtempSync(path.join(tmpdir(), 'customer-state-'));

    const failing = startStack({
      ...stores,
      stateDir: other,
      ports: { ...first.ports, POSTGRES_PORT: 0, REDIS_PORT: 0, MAIL_PORT: 0 },
    });

    await expect(failing).rejects.toThrow(new RegExp(`Port ${taken} is taken`));
    expect(existsSync(path.join(other, 'run', 'stack.lock'))).toBe(false);
    rmSync(other, { recursive: true });
    await first.stop();
  });

  test('can be interrupted while it starts', async () => {
    const interruption = new AbortController();
    const starting = startStack({
      ...stores,
      stateDir,
      signal: interruption.signal,
      say: () => interruption.abort(new Error('Interrupted.')),
    });

    await expect(starting).rejects.toThrow('Interrupted.');
    expect(existsSync(path.join(stateDir, 'run', 'stack.lock'))).toBe(false);
    expect(existsSync(path.join(stateDir, 'run', 'postgres.pid'))).toBe(false);
  });

  test('tells when a part ends by itself, and starts it again after a drill killed it', async () => {
    const crashes: string[] = [];
    stack = await startStack({ ...stores, stateDir, onCrash: ({ message }) => crashes.push(message) });
    const redis = stack.parts.get('redis');
    if (!redis?.pid) throw new Error('Redis does not run.');

    await redis.kill('SIGKILL');
    await redis.start();
    expect(crashes).toEqual([]);

    process.kill(redis.pid, 'SIGKILL');
    while (crashes.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(crashes[0]).toMatch(/^redis ended by itself \(SIGKILL\)/);
  });
});

describe('the mail catcher', () => {
  test('shows what was sent, and only to this machine’s own pages', async () => {
    stack = await startStack({ parts: ['mail'], stateDir });
    const { smtp, api } = stack.endpoints.mail;

    await createTransport(smtp).sendMail({
      from: 'shop@example.test',
      to: 'Ada <ada@example.test>',
      subject: 'Grüße <b>',
      text: 'http://localhost/link?a=1&b=2',
      html: '<p onclick="x()">Hello</p><script>alert(1)</script>',
    });

    const answer = await fetch(`${api}/email`, { headers: { origin: 'http://evil.test' } });
    const [mail] = (await answer.json()) as { id: string; subject: string; to: unknown }[];
    expect(mail).toMatchObject({ subject: 'Grüße <b>', to: [{ address: 'ada@example.test', name: 'Ada' }] });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    const page = await (await fetch(`${api}/mail/${mail?.id}`)).text();
    expect(page).toContain('Grüße &#60;b&#62;');
    expect(page).not.toContain('<script');
    const html = await fetch(`${api}/email/${mail?.id}/html`);
    expect(html.headers.get('content-security-policy')).toMatch(/^sandbox /);
    expect(html.headers.get('content-security-policy')).not.toContain('allow-scripts');
    await fetch(`${api}/email/all`, { method: 'DELETE' });
    expect(await (await fetch(`${api}/email`)).json()).toEqual([]);
  });
});
