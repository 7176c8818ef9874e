const { readFileSync } = require('node:fs');
const { availableParallelism } = require('node:os');

const { compilerOptions } = JSON.parse(readFileSync(`${__dirname}/tsconfig.json`, 'utf8'));
const moduleNameMapper = Object.fromEntries(
  Object.entries(compilerOptions.paths).map(([alias, [target]]) => [`^${alias}$`, `<rootDir>/${target.slice(2)}`]),
);

const project = (displayName, testMatch, options = {}) => ({
  displayName,
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
  moduleNameMapper,
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.cache'],
  // Modules for import alone, which Jest cannot load as they are.
  transformIgnorePatterns: ['/node_modules/(?!hyparquet)'],
  transform: {
    '^.+\\.ts$|/node_modules/hyparquet.+\\.js$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        sourceMaps: 'inline',
      },
    ],
  },
  ...options,
});

// One project per rung: unit beside the source, then one adapter, whole processes, and processes under fire.
module.exports = {
  projects: [
    project('unit', ['apps/**/*.spec.ts', 'libs/**/*.spec.ts']),
    project('integration', ['test/integration/**/*.int-spec.ts']),
    project('e2e', ['test/e2e/**/*.e2e-spec.ts']),
    project('faults', ['test/faults/**/*.fault-spec.ts']),
  ],
  // Bounds how long a failure takes, and nothing else: under load a machine can be ten times slower than a quiet one.
  testTimeout: 600_000,
  // Most suites wait for processes and brokers. Two for each core keep it busy; each may hold a broker of half a gigabyte.
  maxWorkers: Math.min(2 * availableParallelism(), 8),
  workerIdleMemoryLimit: '768MB',
  testSequencer: `${__dirname}/jest.sequencer.cjs`,
};
