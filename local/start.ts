// `npm start`: everything up, a table of addresses, and down again with Ctrl-C.
import path from 'node:path';
import { Failure, reasonOf } from './failure.ts';
import { defaultPorts, portsFrom } from './ports.ts';
import { hasService } from './service.ts';
import { startStack, wholeStack, type Stack } from './stack.ts';

const root = path.dirname(import.meta.dirname);

// Whoever read our output may be gone (`npm start | head`); the stack must still be ended in order.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const say = (line: string): void => console.log(line);

function explain(error: unknown): void {
  if (error instanceof Failure) {
    if (error.tail) console.error(`\n${error.tail.replace(/^/gm, '  | ')}`);
    console.error(`\n${error.message}`);
  } else console.error(error instanceof Error ? error.stack : reasonOf(error));
}

function table(stack: Stack): string {
  const { endpoints } = stack;
  const service = [
    ['sign up, sign in', `${new URL(endpoints.graphql).origin}/`, 'in a browser'],
    ['GraphQL', endpoints.graphql, '{ me { id } }'],
    ['health, metrics', endpoints.admin, '/readyz, /metrics'],
  ];
  const rows = [
    ...(hasService(root) ? service : []),
    ['Keycloak', `${endpoints.keycloak.url}/admin/`, `${endpoints.keycloak.adminUser}, password in endpoints.json`],
    ['mail', endpoints.mail.api, 'every mail that is sent; GET /email as JSON'],
    ['text messages', endpoints.sms.api, 'every one that is sent; GET /messages as JSON'],
    ['PostgreSQL', `127.0.0.1:${stack.ports.POSTGRES_PORT}`, 'customer, customer_keys, keycloak'],
    ['Redis', `127.0.0.1:${stack.ports.REDIS_PORT}`, 'stream customers.events'],
    ['all of it', path.join(stack.stateDir, 'endpoints.json'), 'with passwords and secrets'],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What ended the run: a signal, or a part that crashed. */
type End = { signal?: NodeJS.Signals; failure?: Error };

function whenEnded(): { end: Promise<End>; abort: AbortController; finish: (end: End) => void } {
  const abort = new AbortController();
  const { promise: end, resolve } = Promise.withResolvers<End>();
  const finish = (how: End): void => {
    resolve(how);
    abort.abort(new Failure('Interrupted; everything that had started was ended.'));
  };
  let first = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Ctrl-C reaches us twice: from the terminal and from the parent that passes it on. A later one means "at once".
      if (first !== 0 && performance.now() - first > 1000) process.exit(1);
      first ||= performance.now();
      finish({ signal });
    });
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) =>
      finish({ failure: error instanceof Error ? error : new Error(String(error)) }),
    );
  }
  const parent = Number(process.env['BOOT_PID']);
  if (parent === process.ppid) {
    setInterval(() => process.ppid !== parent && finish({ signal: 'SIGTERM' }), 1000).unref();
  }
  return { end, abort, finish };
}

function readOptions(args: readonly string[]): { fresh: boolean } {
  const unknown = args.find((arg) => arg !== '--fresh');
  if (unknown) {
    const names = Object.keys(defaultPorts).join(', ');
    throw new Failure(
      `Unknown option ${unknown}. Usage: npm start [-- --fresh]; ports and folders: ${names}, STATE_DIR, CACHE_DIR.`,
    );
  }
  return { fresh: args.includes('--fresh') };
}

async function main(): Promise<number> {
  const begin = performance.now();
  const { end, abort, finish } = whenEnded();
  const stateDir = path.resolve(root, process.env['STATE_DIR'] || '.local');
  const stack = await startStack({
    ...readOptions(process.argv.slice(2)),
    parts: wholeStack,
    stateDir,
    ports: portsFrom(process.env),
    say,
    signal: abort.signal,
    onCrash: (failure) => finish({ failure }),
  });
  say(
    `\nReady after ${((performance.now() - begin) / 1000).toFixed(1)} s. Ctrl-C stops everything.\n\n${table(stack)}\n`,
  );
  // A timer keeps the process alive, whatever else runs in it.
  const alive = setInterval(() => undefined, 60_000);
  const { failure, signal } = await end;
  clearInterval(alive);
  say(failure ? '\nStopping …' : `\n${signal}: stopping …`);
  await stack.stop();
  say('Stopped.');
  if (failure) explain(failure);
  return failure ? 1 : 0;
}

process.exitCode = await main().catch((error: unknown) => {
  explain(error);
  return 1;
});
process.exit();
