/** The import rules of the architecture: a breach fails `make lint`. */
const ADAPTERS = 'binance|clock|messaging|parquet|storage';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle hides which way knowledge flows.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'app-imports-no-app',
      comment: 'What two apps share is a lib.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/([^/]+)/', pathNot: '^apps/$1/' },
    },
    {
      name: 'lib-imports-no-app',
      comment: 'Libs know nothing of the processes they run in.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'adapter-imports-no-adapter',
      comment: 'Exchange, broker and database meet through ports only; modules in apps wire them.',
      severity: 'error',
      from: { path: `^libs/(${ADAPTERS})/` },
      to: { path: `^libs/(${ADAPTERS})/`, pathNot: '^libs/$1/' },
    },
    {
      name: 'use-cases-import-no-adapter',
      comment:
        'libs/capture says what happens, libs/api what is served and libs/bi what is built; how is behind the ports.',
      severity: 'error',
      from: { path: '^libs/(capture|api|bi)/' },
      to: { path: `^libs/(${ADAPTERS})/` },
    },
    {
      name: 'history-imports-the-domain-alone',
      comment: 'The rules of the history are pure: every store follows them, and they are tested without any.',
      severity: 'error',
      from: { path: '^libs/history/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: '^libs/(history/|domain/src/index\\.ts$)' },
    },
    {
      name: 'bronze-knows-no-store',
      comment:
        'The bronze log asks a store for lengths, units and rows through ports of its own; both stores import it.',
      severity: 'error',
      from: { path: '^libs/bronze/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^libs/', pathNot: '^libs/(bronze|domain|files|observability)/' },
    },
    {
      name: 'bronze-knows-no-sql',
      comment: 'Whatever speaks SQL is a store.',
      severity: 'error',
      from: { path: '^libs/bronze/' },
      to: { path: 'node_modules/(@nestjs/typeorm|better-sqlite3|pg|typeorm)/|^node:sqlite$' },
    },
    {
      name: 'model-imports-nothing',
      comment: 'The model is pure TypeScript: it runs anywhere and is tested without anything.',
      severity: 'error',
      from: { path: '^libs/domain/src/model/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: '^libs/domain/src/model/' },
    },
    {
      name: 'domain-imports-no-lib',
      comment: 'The domain is the bottom of the tree.',
      severity: 'error',
      from: { path: '^libs/domain/' },
      to: { path: '^libs/(?!domain/|testing/)' },
    },
    {
      name: 'libs-through-their-barrel',
      comment: 'A lib is what its index.ts exports.',
      severity: 'error',
      from: { path: '^(?:apps|test|bench)/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'libs-through-their-barrel-2',
      comment: 'A lib is what its index.ts exports, for other libs too.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'testing-only-in-tests',
      comment: 'Builders and fakes never ship.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['\\.spec\\.ts$', '^libs/testing/'] },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'suites-of-processes-know-no-sql',
      comment:
        'What processes stored is asked through ports or HTTP; tables are read, filled and damaged in these files alone.',
      severity: 'error',
      from: {
        path: '^test/(e2e|faults|support)/',
        pathNot: '^test/support/(history-tables|hour-store|lock-holder|made-up-candles)\\.ts$',
      },
      to: { path: 'node_modules/better-sqlite3/|node_modules/@types/better-sqlite3/|^node:sqlite$' },
    },
    {
      name: 'no-orphans',
      comment: 'A file nobody imports is dead.',
      severity: 'error',
      from: { orphan: true, path: '^(apps|libs)/', pathNot: ['main\\.ts$', '\\.spec\\.ts$'] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
