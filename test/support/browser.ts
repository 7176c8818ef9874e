import { chromiumPath } from './chromium';

/** Tests in a real browser; without one they are skipped, by name. */
export const describeInBrowser: typeof describe =
  chromiumPath === undefined
    ? Object.assign((name: string, tests: () => void) => {
        process.stderr.write(`SKIPPED: ${name}: no Chromium is there (package chromium)\n`);
        describe.skip(name, tests);
      }, describe)
    : describe;
