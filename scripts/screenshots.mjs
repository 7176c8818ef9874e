// `npm run screenshots`, beside a running `make demo`: the pictures of the README anew, or (--every DIR) one of each width
// and scheme. Needs Chromium (Debian's package, or CHROMIUM=path).
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values: options } = parseArgs({
  options: { url: { type: 'string', default: 'http://localhost:8000/' }, every: { type: 'string' } },
});

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };
/** The symbol that the demo halts every night. */
const HALTED = 'ADAUSDT';

const views = [
  { name: 'page', viewport: WIDE, colorScheme: 'light', isInReadme: true },
  { name: 'page-dark', viewport: WIDE, colorScheme: 'dark' },
  { name: 'page-narrow', viewport: NARROW, colorScheme: 'light' },
  { name: 'page-narrow-dark', viewport: NARROW, colorScheme: 'dark', isInReadme: true },
];
const folder = options.every ?? fileURLToPath(new URL('../docs/images', import.meta.url));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
for (const { name, viewport, colorScheme, isInReadme } of views) {
  if (options.every === undefined && !isInReadme) continue;
  const page = await browser.newPage({ viewport, colorScheme });
  await page.goto(options.url);
  await page.getByRole('button', { name: new RegExp(`^${HALTED}`) }).click();
  await page.getByRole('button', { name: '15m', exact: true }).click();
  await page.getByRole('img', { name: new RegExp(`15m candles of ${HALTED}: 300 candles`) }).waitFor();
  await page.getByRole('button', { name: 'Why?' }).first().click();
  await page.locator('.day-report').waitFor();
  await page.evaluate('scrollTo(0, 0); document.activeElement.blur()');
  await page.mouse.move(0, 0);
  await page.waitForTimeout(1_000);
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  process.stdout.write(`${path}: ${statSync(path).size} bytes\n`);
  await page.close();
}
await browser.close();
