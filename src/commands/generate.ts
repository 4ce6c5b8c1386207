import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { generateDocuments } from '../../codegen.ts';
import { eventsSchema } from '../domain/events.ts';
import { variables } from '../platform/config.ts';
import { sdl } from '../server/schema.ts';

const root = resolve(import.meta.dirname, '../..');

/** A variable of the environment, as documents name it. */
interface Variable {
  readonly name: string;
  readonly description: string;
  /** Undefined: it must be given. Empty: it may be left out. */
  readonly standard: string | undefined;
}

function configuration(): Variable[] {
  const { properties = {}, required = [] } = z.toJSONSchema(variables, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, property]) => {
    const { description = '', default: standard } = property as { description?: string; default?: unknown };
    if (required.includes(name)) return { name, description, standard: undefined };
    return { name, description, standard: standard === undefined ? '' : JSON.stringify(standard).replaceAll('"', '') };
  });
}

/** The rows of the table in the README. */
export function configTable(): string {
  const rows = configuration().map(({ name, description, standard }) => {
    const shown = standard === undefined ? 'must be given' : standard === '' ? '–' : `\`${standard}\``;
    return `| \`${name}\` | ${shown} | ${description.replaceAll('|', '\\|')} |`;
  });
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

/** The example of an environment: what must be given stands open, the rest as a comment. */
export function environmentExample(): string {
  const parts = configuration().map(({ name, description, standard }) =>
    [`# ${description}`, standard === undefined ? `${name}=` : `# ${name}=${standard}`].join('\n'),
  );
  return `${parts.join('\n\n')}\n`;
}

function write(path: string, text: string): void {
  mkdirSync(resolve(root, path, '..'), { recursive: true });
  writeFileSync(resolve(root, path), text);
}

function writeReadme(): void {
  const path = resolve(root, 'README.md');
  if (!existsSync(path)) return;
  const text = readFileSync(path, 'utf8');
  const between = /(<!-- config -->\n)[\s\S]*?(<!-- \/config -->)/;
  writeFileSync(
    path,
    text.replace(between, (_all, open, close) => `${open}${configTable()}\n${close}`),
  );
}

/** Messages and services of gRPC in TypeScript, from our contract and from the messages of others that we use. */
function generateMessages(): void {
  const options = ['target=ts', 'import_extension=ts', 'erasable_syntax=true'];
  const template = {
    version: 'v2',
    clean: true,
    inputs: [{ directory: 'schema' }, { directory: 'src/grpc/proto' }],
    plugins: [{ local: 'node_modules/.bin/protoc-gen-es', out: 'src/grpc/generated', opt: options }],
  };
  const buf = resolve(root, 'node_modules/@bufbuild/buf/bin/buf');
  execFileSync(process.execPath, [buf, 'generate', '--template', JSON.stringify(template)], { cwd: root });
}

/** Writes everything that is made from the sources and committed: `npm test` fails when it is not current. */
export async function generate(): Promise<void> {
  write('schema/subgraph.graphql', sdl);
  write('schema/events.schema.json', `${JSON.stringify(eventsSchema(), null, 2)}\n`);
  generateMessages();
  writeReadme();
  write('.env.example', environmentExample());
  await generateDocuments();
}

if (import.meta.main) await generate();
