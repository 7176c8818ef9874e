const { statSync } = require('node:fs');

/** Suites of the higher rungs wait longest; the short ones that come last fill what is left of the cores. */
const RUNGS = ['faults', 'e2e', 'integration', 'unit'];

/** Jest's own order goes by durations that a clean clone does not know. Within a rung, the longest file comes first. */
module.exports = class OrderOfSuites {
  sort(tests) {
    const weighed = tests.map((test) => {
      const rung = RUNGS.indexOf(test.context.config.displayName?.name);
      return { test, rung, bytes: statSync(test.path).size };
    });
    weighed.sort((a, b) => a.rung - b.rung || b.bytes - a.bytes);
    return weighed.map(({ test }) => test);
  }

  /** Of an earlier run nothing is kept: every run has the same order. */
  cacheResults() {}

  allFailedTests(tests) {
    return tests;
  }
};
