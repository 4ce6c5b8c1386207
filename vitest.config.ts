import { existsSync } from 'node:fs';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** What a kind of test needs running, how many of its files run at a time, and how long one test may take. */
type Kind = { stack: 'none' | 'data' | 'whole'; files: number; timeoutSeconds: number };

const kinds: Record<string, Kind> = {
  house: { stack: 'none', files: 2, timeoutSeconds: 60 },
  domain: { stack: 'none', files: 2, timeoutSeconds: 10 },
  // Each starts and kills processes of its own, and measures what is left.
  local: { stack: 'none', files: 1, timeoutSeconds: 60 },
  contracts: { stack: 'data', files: 2, timeoutSeconds: 60 },
  features: { stack: 'data', files: 2, timeoutSeconds: 30 },
  // Keycloak delivers to one address, so these share one service and take turns.
  identity: { stack: 'whole', files: 1, timeoutSeconds: 120 },
  journeys: { stack: 'whole', files: 1, timeoutSeconds: 240 },
  // Reads what all of those before it have left behind, so it comes after them in the same stack.
  traces: { stack: 'whole', files: 1, timeoutSeconds: 120 },
  // Each starts a stack of its own, to kill parts of it.
  drills: { stack: 'none', files: 1, timeoutSeconds: 600 },
};

const house = 'test/contracts/house';
const folder = (kind: string): string => (kind === 'house' ? house : `test/${kind}`);

/** The kinds named by `--project`, or all. A stack is only started for a kind that needs it. */
function chosenKinds(args: readonly string[]): string[] {
  const named = args.flatMap((arg, at) =>
    arg.startsWith('--project=') ? [arg.slice('--project='.length)] : arg === '--project' ? [args[at + 1] ?? ''] : [],
  );
  return Object.keys(kinds).filter((kind) => existsSync(folder(kind)) && (!named.length || named.includes(kind)));
}

function project([kind, { files, timeoutSeconds }]: [string, Kind], order: number): TestProjectInlineConfiguration {
  const setup = [`test/support/${kind}-file.ts`].filter((file) => existsSync(file));
  return {
    extends: true,
    test: {
      name: kind,
      include: [`${folder(kind)}/**/*.test.ts`],
      exclude: kind === 'contracts' ? [`${house}/**`] : [],
      setupFiles: setup,
      maxWorkers: files,
      sequence: { groupOrder: order },
      testTimeout: timeoutSeconds * 1000,
      hookTimeout: timeoutSeconds * 1000,
    },
  };
}

const chosen = new Set(chosenKinds(process.argv));
const needed = new Set([...chosen].map((kind) => kinds[kind]?.stack));

// At the root a global setup runs once for all projects; listed in a project it would start a stack for each.
const stacks = [
  ...(needed.has('data') ? ['test/support/global-setup.ts'] : []),
  ...(needed.has('whole') ? ['test/support/identity-setup.ts'] : []),
].filter((file) => existsSync(file));

export default defineConfig({
  // The libraries get the CommonJS build of graphql from Node; a second copy would not know their schemas.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    pool: 'forks',
    allowOnly: false,
    globalSetup: stacks,
    projects: Object.entries(kinds)
      .filter(([kind]) => existsSync(folder(kind)))
      .map(project),
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'json', 'html'],
      reportsDirectory: 'coverage/report',
      reportOnFailure: true,
    },
  },
});
