import { defineConfig } from 'oxlint';

/** A name that is not to be used, where it lives, and what to use instead. */
type Forbidden = { object?: string; property: string; message: string };

const environment: Forbidden[] = [
  {
    object: 'process',
    property: 'env',
    message: 'Read the setting from the parsed configuration; only src/platform/config.ts reads the environment.',
  },
];
const clock: Forbidden[] = [
  { object: 'Date', property: 'now', message: 'Take the time from the clock you are given (src/platform/clock.ts).' },
];
const network: Forbidden[] = [
  {
    object: 'globalThis',
    property: 'fetch',
    message: 'Use `request` of src/platform/http-client.ts, which has a timeout.',
  },
];
const chance: Forbidden[] = [
  { object: 'Math', property: 'random', message: 'Not unpredictable. Use node:crypto, outside the domain.' },
];
const past = 'Change customers inside `transact` by a method of the aggregate:';
const unguarded: Forbidden[] = [
  { property: 'transactional', message: `${past} a bare transaction has no actor and no retry.` },
  { property: 'flush', message: `${past} it flushes at the end, once.` },
  { property: 'assign', message: `${past} assigning passes the guard by. For plain objects, use a spread.` },
  { property: 'nativeUpdate', message: `${past} this statement passes journal and sealing by.` },
  { property: 'nativeDelete', message: `${past} this statement passes journal and sealing by.` },
  { property: 'upsert', message: `${past} this statement passes journal and sealing by.` },
  { property: 'upsertMany', message: `${past} this statement passes journal and sealing by.` },
  { property: 'insertMany', message: `${past} this statement passes journal and sealing by.` },
];

const fetchGlobal = { name: 'fetch', message: 'Use `request` of src/platform/http-client.ts, which has a timeout.' };
const consoleGlobal = { name: 'console', message: 'Use the logger you are given (src/platform/log.ts), or throw.' };

const processImports = {
  name: 'node:process',
  importNames: ['env'],
  message: 'Read the setting from the parsed configuration; only src/platform/config.ts reads the environment.',
};
const pure = 'The domain does no I/O and has no chance of its own; take the value as an argument.';
const impureImports = [
  { name: '@mikro-orm/core', importNames: ['EntityManager', 'MikroORM', 'EntityRepository'], message: pure },
  { name: 'node:crypto', importNames: ['randomUUID', 'randomBytes', 'randomInt', 'randomFillSync'], message: pure },
];

const everywhere = [...environment, ...clock, ...network, ...chance];
const without = (...left: Forbidden[][]): Forbidden[] => everywhere.filter((name) => !left.flat().includes(name));

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'node', 'import', 'promise', 'vitest'],
  categories: { correctness: 'error' },
  options: { typeAware: true, reportUnusedDisableDirectives: 'error' },
  ignorePatterns: [
    'node_modules',
    'schema/**',
    'src/grpc/generated/**',
    'test/support/generated/**',
    'test/fixtures/**',
    'keycloak/**',
    'coverage/**',
    '.local/**',
  ],
  rules: {
    // The compiler knows what a module exports by default; this rule does not read declarations.
    'import/default': 'off',
    // The callbacks belong to libraries that offer nothing else.
    'promise/no-callback-in-promise': 'off',
    'no-unused-vars': ['error', { ignoreRestSiblings: true, argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    'typescript/require-array-sort-compare': ['error', { ignoreStringArrays: true }],
    eqeqeq: 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    'no-param-reassign': 'error',
    'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'], location: 'anywhere' }],
    'oxc/no-barrel-file': ['error', { threshold: 0 }],
    'unicorn/prefer-node-protocol': 'error',
    'unicorn/no-abusive-eslint-disable': 'error',
    'typescript/await-thenable': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-unnecessary-type-assertion': 'error',
    'typescript/no-import-type-side-effects': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/prefer-promise-reject-errors': 'error',
    'typescript/return-await': ['error', 'in-try-catch'],
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/use-unknown-in-catch-callback-variable': 'error',
    'typescript/ban-ts-comment': [
      'error',
      {
        'ts-expect-error': 'allow-with-description',
        'ts-ignore': true,
        'ts-nocheck': true,
        minimumDescriptionLength: 10,
      },
    ],
    'no-restricted-properties': ['error', ...everywhere],
    'no-restricted-globals': ['error', fetchGlobal, consoleGlobal],
    'no-restricted-imports': ['error', { paths: [processImports] }],
  },
  overrides: [
    {
      files: ['src/**'],
      rules: { 'typescript/no-explicit-any': 'error', 'typescript/no-non-null-assertion': 'error' },
    },
    {
      files: ['src/domain/**'],
      rules: { 'no-restricted-imports': ['error', { paths: [processImports, ...impureImports] }] },
    },
    { files: ['src/features/**'], rules: { 'no-restricted-properties': ['error', ...everywhere, ...unguarded] } },
    {
      files: ['src/platform/config.ts'],
      rules: { 'no-restricted-properties': ['error', ...without(environment)], 'no-restricted-imports': 'off' },
    },
    { files: ['src/platform/clock.ts'], rules: { 'no-restricted-properties': ['error', ...without(clock)] } },
    {
      files: ['src/platform/http-client.ts'],
      rules: {
        'no-restricted-properties': ['error', ...without(network)],
        'no-restricted-globals': ['error', consoleGlobal],
      },
    },
    {
      files: ['src/commands/**'],
      rules: {
        'no-restricted-properties': ['error', ...without(environment)],
        'no-restricted-globals': ['error', fetchGlobal],
        'no-restricted-imports': 'off',
      },
    },
    {
      // Examples to copy stand alone: nothing of ours is at hand there.
      files: ['docs/**', 'test/**', 'local/**', 'codegen.ts', 'knip.ts', 'oxlint.config.ts', 'vitest.config.ts'],
      rules: {
        'no-restricted-properties': 'off',
        'no-restricted-globals': 'off',
        'no-restricted-imports': 'off',
        'typescript/unbound-method': 'off',
      },
    },
    {
      files: ['test/**'],
      rules: {
        // Clients of the tests wait with `expect.poll`.
        'vitest/no-standalone-expect': 'off',
        'vitest/no-disabled-tests': 'error',
        'vitest/no-focused-tests': 'error',
        'vitest/no-commented-out-tests': 'error',
      },
    },
  ],
});
