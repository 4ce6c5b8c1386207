/** The import rules of the house. Every rule says why it exists; `npm test -- imports` applies them. */

const doors = '[.](graphql|rest|pages|grpc|events|jobs)[.]ts$';
const pure = ['@mikro-orm/core', '@marcbachmann/cel-js', 'libphonenumber-js', 'zod'];
const pureBuiltins = ['buffer', 'crypto', 'punycode', 'url', 'util'];
const packageNamed = (names) => `(^|/)node_modules/(${names.join('|')})(/|$)`;

/** The transports a door may use; whatever is not its own is somebody else's. */
const transports = {
  graphql: '^src/graphql/',
  http: '^src/http/',
  grpc: '^src/grpc/',
  messaging: '^src/messaging/',
};
const toolsOf = (kind, own) => ({
  name: `${kind.join('-or-')}-door-uses-its-own-tools`,
  comment: 'A door imports the tools of its transport only: several transports, one behaviour.',
  severity: 'error',
  from: { path: `^src/features/.+[.](${kind.join('|')})[.]ts$` },
  to: {
    path: Object.entries(transports)
      .filter(([name]) => !own.includes(name))
      .map(([, path]) => path),
  },
});

export default {
  forbidden: [
    {
      name: 'no-circular',
      comment:
        'A cycle has no beginning to read from. Lazy references between the parts of the aggregate are excepted.',
      severity: 'error',
      from: { pathNot: '^src/domain/' },
      to: { circular: true },
    },
    {
      name: 'no-circular-out-of-the-domain',
      comment: 'Parts of the aggregate may refer to one another; nothing else may be in such a circle.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { circular: true, via: { pathNot: '^src/domain/' } },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere fails only when it is reached.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-package',
      comment: 'A package that another one happens to bring can vanish with its next version.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-development-package-in-service',
      comment: 'The image holds no development dependencies.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/commands/generate[.]ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
    },
    {
      name: 'domain-is-alone',
      comment: 'The rules can be read and tested with nothing running: the domain imports nothing of ours but itself.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { path: '^(src|local|test)/', pathNot: '^src/domain/' },
    },
    {
      name: 'domain-imports-pure-packages',
      comment:
        'Only packages without I/O, clock or chance are listed in the rule file; add one there if it is as pure.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { path: '(^|/)node_modules/', pathNot: packageNamed(pure) },
    },
    {
      name: 'domain-imports-pure-builtins',
      comment: 'No files, sockets, processes or timers in the domain: hashes, text and addresses only.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { dependencyTypes: ['core'], pathNot: `^(node:)?(${pureBuiltins.join('|')})$` },
    },
    {
      name: 'platform-knows-nothing-of-ours',
      comment: 'It could serve another product: entities and schemas come in as arguments.',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^(src|local|test)/', pathNot: '^src/platform/' },
    },
    {
      name: 'read-model-and-messaging-stand-on-domain-and-platform',
      comment:
        'Every door uses them, so they know the domain and the platform and neither doors, features nor each other.',
      severity: 'error',
      from: { path: '^src/(read-model|messaging)/' },
      to: { path: '^src/', pathNot: '^src/(domain|platform|$1)/' },
    },
    {
      name: 'tools-of-the-doors-know-no-feature',
      comment:
        'The tools of a transport know domain, platform, read model, texts and what Ctx offers; a feature brings itself to them.',
      severity: 'error',
      from: { path: '^src/(graphql|http|grpc)/' },
      to: { path: '^src/', pathNot: '^src/(domain|platform|read-model|texts|$1)/|^src/context[.]ts$' },
    },
    {
      name: 'service-knows-no-door',
      comment: 'A door imports its service, never the reverse: several transports, one behaviour.',
      severity: 'error',
      from: { path: '^src/features/', pathNot: doors },
      to: { path: [doors, '^src/(graphql|http|grpc)/'] },
    },
    {
      name: 'door-opens-on-its-own-room',
      comment: 'What two doors share belongs in the service or the reads between them.',
      severity: 'error',
      from: { path: `^src/features/.+${doors}` },
      to: { path: `^src/features/.+${doors}` },
    },
    toolsOf(['graphql'], ['graphql', 'messaging']),
    toolsOf(['rest', 'pages'], ['http']),
    toolsOf(['grpc'], ['grpc']),
    toolsOf(['events', 'jobs'], ['messaging']),
    {
      name: 'features-meet-in-the-domain',
      comment:
        'Features meet in the domain or through an event. Registration, authentication and contacts call the identity service, since a customer exists before her session and what she is reached by is what she signs in with.',
      severity: 'error',
      from: { path: '^src/features/([^/]+)/' },
      to: {
        path: '^src/features/([^/]+)/',
        pathNot: ['^src/features/$1/', '^src/features/identity/identity-service[.]ts$'],
      },
    },
    {
      name: 'identity-service-for-registration-and-sign-in',
      comment: 'Only registration, authentication and contacts call the identity service.',
      severity: 'error',
      from: { path: '^src/features/', pathNot: '^src/features/(identity|registration|authentication|contacts)/' },
      to: { path: '^src/features/identity/' },
    },
    {
      name: 'one-place-lists-the-features',
      comment:
        'Only server, worker, commands and the list of entities import features: everything switched on is seen there.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(features|server|worker|commands)/|^src/entities[.]ts$' },
      to: { path: '^src/features/' },
    },
    {
      name: 'features-reach-no-assembly',
      comment:
        'Server, worker and commands assemble the features; a feature that imports them turns the house upside down.',
      severity: 'error',
      from: { path: '^src/(features|context[.]ts|entities[.]ts|texts)' },
      to: { path: '^src/(server|worker|commands)/|^src/main[.]ts$' },
    },
    {
      name: 'only-main-composes',
      comment: 'Only main.ts imports server and worker: there is one composition root.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main[.]ts$|server/|worker/|commands/generate[.]ts$)' },
      to: { path: '^src/(server|worker)/' },
    },
    {
      name: 'server-and-worker-apart',
      comment: 'A process may be either of them alone.',
      severity: 'error',
      from: { path: '^src/(server|worker)/' },
      to: { path: '^src/(server|worker)/', pathNot: '^src/$1/' },
    },
    {
      name: 'nothing-imports-main',
      comment: 'main.ts is started, by the local stack and by the image, and imported by neither server nor worker.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/main[.]ts$' },
    },
    {
      name: 'commands-are-doors',
      comment: 'A command is a door like any other: nobody enters through two.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/commands/' },
      to: { path: '^src/commands/' },
    },
    {
      name: 'source-knows-no-stack-and-no-test',
      comment: 'The local stack starts src/main.ts and is never in an image; tests are not either.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(local|test|docs)/|[.]test[.]ts$' },
    },
    {
      name: 'local-knows-no-test',
      comment: 'npm start works in an image of the repository without its tests.',
      severity: 'error',
      from: { path: '^local/' },
      to: { path: '^test/' },
    },
    {
      name: 'examples-stand-alone',
      comment: 'An example is copied into another repository, where nothing of ours is.',
      severity: 'error',
      from: { path: '^docs/([^/]+)/' },
      to: { path: '^(src|local|test|docs)/', pathNot: '^docs/$1/' },
    },
    {
      name: 'no-barrels',
      comment: 'Go-to-definition lands: no index files, no drawers named utils, helpers or common.',
      severity: 'error',
      from: {},
      to: {
        path: '(^|/)(index|utils?|helpers?|common)([.]ts$|/)',
        pathNot: '(^|/)node_modules/|^test/support/generated/',
      },
    },
  ],
  options: {
    // The native TypeScript 7 has no API that dependency-cruiser could parse with yet.
    parser: 'swc',
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: '(^|/)node_modules/' },
    exclude: { path: '^(src/grpc/generated|test/support/generated|coverage|[.]local)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types', 'require'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json', '.d.ts', '.node'],
    },
  },
};
