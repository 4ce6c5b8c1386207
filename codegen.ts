import { existsSync } from 'node:fs';
import { type CodegenConfig, generate } from '@graphql-codegen/cli';

const schema = 'schema/subgraph.graphql';
const documents = ['test/**/*.ts', 'local/**/*.ts', '!test/support/generated/**', '!test/fixtures/**'];

/** Scalars that travel as text. */
const texts = [
  'CountryCode',
  'CurrencyCode',
  'Date',
  'DateTime',
  'Decimal',
  'EmailAddress',
  'LocaleTag',
  'PhoneNumber',
  'UUID',
];

/** Typed documents for the tests, and for whoever writes a client: `graphql()` in `test/support/generated/`. */
const config: CodegenConfig = {
  schema,
  documents,
  ignoreNoDocuments: true,
  silent: true,
  generates: {
    'test/support/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        federation: true,
        useTypeImports: true,
        enumsAsTypes: true,
        defaultScalarType: 'unknown',
        importExtension: '.ts',
        scalars: Object.fromEntries(texts.map((scalar) => [scalar, 'string'])),
      },
    },
  },
};

export default config;

/** Writes the typed documents after the schema was written. Without a schema there is nothing to type. */
export async function generateDocuments(): Promise<void> {
  if (existsSync(schema)) await generate(config, true);
}
