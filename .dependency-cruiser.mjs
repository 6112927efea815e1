/** Rooms of the server and what each may open. Read top to bottom: a request's way in. */
const ROOMS = {
  http: ['auth', 'odata', 'actions', 'notify', 'observe', 'lib'],
  auth: ['lib'],
  odata: ['lib'],
  actions: ['auth', 'odata', 'store', 'lib'],
  store: ['odata', 'lib'],
  dispatch: ['actions', 'store', 'observe', 'lib'],
  notify: ['odata', 'actions', 'store', 'observe', 'lib'],
  observe: ['lib'],
  config: ['lib'],
  lib: [],
};

const SERVER = '^packages/server/src/';
const room = (name) => `${SERVER}${name}/`;
const TESTS = '[.]test[.]ts$|/testing/';

const roomRules = Object.entries(ROOMS).map(([from, to]) => ({
  name: `${from}-opens-only-${to.join('-') || 'nothing'}`,
  comment: `${from}/ may use: ${to.join(', ') || 'no other room'}. See ARCHITECTURE.md; hand data over in the store instead.`,
  severity: 'error',
  from: { path: room(from), pathNot: TESTS },
  to: { path: `${SERVER}[^/]+/`, pathNot: [from, ...to].map(room) },
}));

/** Packages by audience, and what each may open of the others. */
const PACKAGES = {
  contract: [],
  client: ['contract'],
  connectors: ['contract'],
  server: ['contract', 'connectors'],
  cli: ['contract', 'client'],
};

const packageRules = Object.entries(PACKAGES).map(([from, to]) => ({
  name: `${from}-opens-only-${to.join('-') || 'nothing'}`,
  comment: `packages/${from} may use: ${to.join(', ') || 'no other package'}.`,
  severity: 'error',
  from: { path: `^packages/${from}/src/`, pathNot: TESTS },
  to: {
    path: '^packages/[^/]+/src/',
    pathNot: [
      ...[from, ...to].map((name) => `^packages/${name}/src/`),
      ...(from === 'cli' ? [`${SERVER}operate[.]ts$`] : []),
    ],
  },
}));

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one thing, or three. Types count.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'all-is-found',
      comment: 'An import that resolves to nothing is checked by no rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    ...packageRules,
    ...roomRules,
    {
      name: 'root-files-are-opened-by-no-room',
      comment: 'main.ts, config.ts and the other wiring stand above the rooms. Only errors.ts is open to all.',
      severity: 'error',
      from: { path: `${SERVER}[^/]+/`, pathNot: TESTS },
      to: { path: `${SERVER}[^/]+[.]ts$`, pathNot: `${SERVER}errors[.]ts$` },
    },
    {
      name: 'sql-only-from-wiring',
      comment: 'Whoever wants something of the store says so in store/queries.ts; only the wiring opens store/sql.',
      severity: 'error',
      from: {
        path: SERVER,
        pathNot: [`${SERVER}(open-store|store-thread|keep-epoch|operate)[.]ts$`, room('store/sql'), TESTS],
      },
      to: { path: room('store/sql') },
    },
    {
      name: 'databases-only-in-sql',
      comment: 'Nothing but store/sql knows SQL.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [room('store/sql'), TESTS] },
      to: { path: 'node_modules/(kysely|pg)/' },
    },
    {
      name: 'fastify-only-in-http',
      comment: 'Nothing but http knows HTTP servers.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [room('http'), TESTS] },
      to: { path: 'node_modules/fastify/' },
    },
    {
      name: 'testing-only-from-tests',
      comment: 'What serves tests is no part of the product.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [TESTS, '^packages/connectors/src/testing[.]ts$'] },
      to: { path: '/testing/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
    },
  },
};
