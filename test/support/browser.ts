import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Debian's name of it, and others'. */
const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Nothing of its own leaves the machine. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const executablePath = process.env['CHROMIUM'] ?? PATHS.find((path) => existsSync(path));

/** Tests in a real browser; without one they are skipped, by name. */
export const describeInBrowser: typeof describe =
  executablePath === undefined
    ? Object.assign((name: string, tests: () => void) => {
        process.stderr.write(`SKIPPED: ${name}: no Chromium is there (package chromium)\n`);
        describe.skip(name, tests);
      }, describe)
    : describe;

export function launchBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('no Chromium is there');
  return chromium.launch({ executablePath, args: FLAGS, headless: true });
}
