import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Fixture } from './fixture.ts';

/** For each rule an import that breaks it: from, and to. */
const broken: Record<string, [from: string, to: string]> = {
  'no-circular': ['src/platform/a.ts', 'src/platform/b.ts'],
  'no-circular-out-of-the-domain': ['src/domain/round.ts', 'src/messaging/round.ts'],
  resolvable: ['src/platform/lost.ts', 'src/platform/nowhere.ts'],
  'no-undeclared-package': ['src/platform/undeclared.ts', 'graphql'],
  'no-development-package-in-service': ['src/platform/development.ts', 'vitest'],
  'domain-is-alone': ['src/domain/a.ts', 'src/platform/c.ts'],
  'domain-imports-pure-packages': ['src/domain/b.ts', 'pg'],
  'domain-imports-pure-builtins': ['src/domain/c.ts', 'node:fs'],
  'platform-knows-nothing-of-ours': ['src/platform/d.ts', 'src/domain/d.ts'],
  'read-model-and-messaging-stand-on-domain-and-platform': ['src/read-model/a.ts', 'src/messaging/a.ts'],
  'tools-of-the-doors-know-no-feature': ['src/graphql/a.ts', 'src/features/x/x-service.ts'],
  'service-knows-no-door': ['src/features/x/y-service.ts', 'src/features/x/x.graphql.ts'],
  'door-opens-on-its-own-room': ['src/features/x/x.rest.ts', 'src/features/x/y.rest.ts'],
  'graphql-door-uses-its-own-tools': ['src/features/x/z.graphql.ts', 'src/http/route.ts'],
  'rest-or-pages-door-uses-its-own-tools': ['src/features/x/z.pages.ts', 'src/graphql/builder.ts'],
  'grpc-door-uses-its-own-tools': ['src/features/x/z.grpc.ts', 'src/http/route.ts'],
  'events-or-jobs-door-uses-its-own-tools': ['src/features/x/z.jobs.ts', 'src/http/route.ts'],
  'features-meet-in-the-domain': ['src/features/x/w-service.ts', 'src/features/y/y-service.ts'],
  'identity-service-for-registration-and-sign-in': [
    'src/features/x/v-service.ts',
    'src/features/identity/identity-service.ts',
  ],
  'one-place-lists-the-features': ['src/context.ts', 'src/features/x/x-service.ts'],
  'features-reach-no-assembly': ['src/features/x/u-service.ts', 'src/server/http.ts'],
  'only-main-composes': ['src/commands/a.ts', 'src/server/http.ts'],
  'server-and-worker-apart': ['src/server/a.ts', 'src/worker/worker.ts'],
  'nothing-imports-main': ['src/commands/b.ts', 'src/main.ts'],
  'commands-are-doors': ['src/worker/a.ts', 'src/commands/c.ts'],
  'source-knows-no-stack-and-no-test': ['src/commands/d.ts', 'local/postgres.ts'],
  'local-knows-no-test': ['local/start.ts', 'test/support/world.ts'],
  'examples-stand-alone': ['docs/x/a.ts', 'src/platform/c.ts'],
  'no-barrels': ['src/commands/e.ts', 'src/platform/index.ts'],
};

/** Imports that the rules allow on purpose. */
const allowed: [from: string, to: string][] = [
  ['src/domain/part.ts', 'src/domain/root.ts'],
  ['src/domain/root.ts', 'src/domain/part.ts'],
  ['src/domain/hash.ts', 'node:crypto'],
  ['src/domain/form.ts', 'zod'],
  ['src/features/registration/registration-service.ts', 'src/features/identity/identity-service.ts'],
  ['src/features/x/x.graphql.ts', 'src/graphql/builder.ts'],
  ['src/features/x/x.graphql.ts', 'src/features/x/x-service.ts'],
  ['src/graphql/builder.ts', 'src/context.ts'],
  ['src/server/http.ts', 'src/features/x/x.graphql.ts'],
  ['src/main.ts', 'src/server/http.ts'],
  ['local/start.ts', 'src/main.ts'],
  ['test/support/world.ts', 'local/start.ts'],
];

/** Files with these imports, types only on every other one, since a type ties two folders together as well. */
function filesOf(imports: readonly (readonly [from: string, to: string])[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [index, [from, to]] of imports.entries()) {
    const target = /^(src|local|test)\//.test(to) ? `${'../'.repeat(from.split('/').length - 1)}${to}` : to;
    const line = `${index % 2 ? 'import type' : 'import'} * as it${index} from '${target}';\nexport { it${index} };\n`;
    files[from] = `${files[from] ?? ''}${line}`;
    if (target !== to && !to.endsWith('nowhere.ts')) files[to] ??= '';
  }
  return files;
}

async function brokenRules(imports: readonly (readonly [string, string])[]) {
  const fixture = new Fixture({
    'package.json': JSON.stringify({
      type: 'module',
      dependencies: { zod: '*', pg: '*' },
      devDependencies: { vitest: '*' },
    }),
    ...filesOf(imports),
  });
  const { output } = await fixture.check('imports', '--output-type', 'json');
  const { summary } = JSON.parse(output) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  return summary.violations.map(({ from, rule }) => `${rule.name}: ${from}`);
}

describe('the import rules', () => {
  test('each sees the import that breaks it', async () => {
    const back: [string, string][] = [
      ['src/platform/b.ts', 'src/platform/a.ts'],
      ['src/messaging/round.ts', 'src/domain/round.ts'],
    ];

    const found = await brokenRules([...Object.values(broken), ...back]);

    expect(found).toEqual(expect.arrayContaining(Object.entries(broken).map(([rule, [from]]) => `${rule}: ${from}`)));
  });

  test('none is in the way of what the house allows', async () => {
    expect(await brokenRules(allowed)).toEqual([]);
  });

  test('each has its reason, and an import above that breaks it', async () => {
    const file = resolve(import.meta.dirname, '../../../.dependency-cruiser.mjs');
    const { default: rules } = (await import(file)) as { default: { forbidden: { name: string; comment: string }[] } };

    expect(rules.forbidden.map(({ name }) => name).toSorted()).toEqual(Object.keys(broken).toSorted());
    for (const { comment } of rules.forbidden) expect(comment.length).toBeGreaterThan(20);
  });
});
