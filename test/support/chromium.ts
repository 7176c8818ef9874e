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

/** Where the browser is; undefined where there is none. */
export const chromiumPath = process.env['CHROMIUM'] ?? PATHS.find((path) => existsSync(path));

export function launchBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('no Chromium is there (package chromium)');
  return chromium.launch({ executablePath: chromiumPath, args: FLAGS, headless: true });
}
