import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { eventually } from '../support/app-process';
import { describeInBrowser, launchBrowser } from '../support/browser';
import { getText } from '../support/http';
import { marketAt, Stack } from '../support/stack';

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly impact: string | null; readonly help: string }[];
}

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

describeInBrowser('the page in a browser', () => {
  const stack = new Stack({
    SYMBOLS: 'BTCUSDT,ETHUSDT',
    CLOCK: 'simulator',
    POLL_INTERVAL_SECONDS: '5',
    BACKFILL_DAYS: '2',
  });
  /** What a browser complains of, and where it asks. */
  const complaints: string[] = [];
  const hosts = new Set<string>();
  let browser: Browser;
  let page: Page;
  let url: string;

  beforeAll(async () => {
    await stack.startSimulator(['--clock-origin', marketAt(new Date('2026-11-20T12:00:30Z')), '--clock-factor', '10']);
    await stack.start('standalone-app');
    url = `${await stack.urlOf('standalone-app')}/`;
    await eventually('days are stored', async () =>
      (await getText(`${url}bi/daily_ohlc.csv?symbol=BTCUSDT&days=2`)).split('\r\n').length > 3 ? true : undefined,
    );
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    await page.goto(url);
  });

  afterAll(async () => {
    await browser.close();
    await stack.close();
  });

  it('should show every symbol with its price, and the candles of the first', async () => {
    await page.getByRole('button', { name: /^BTCUSDT/ }).waitFor();
    await page.getByRole('button', { name: /^ETHUSDT/ }).waitFor();
    await page.locator('.chart-area canvas').first().waitFor();
    await page.getByRole('img', { name: /1m candles of BTCUSDT: 300 candles/ }).waitFor();
    expect(await page.locator('.reading').textContent()).toMatch(/open \d+\.\d{8} high/);
  });

  it('should change the price of each symbol as it comes', async () => {
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      const price = page.locator(`[data-symbol="${symbol}"] .price`);
      const before = await price.textContent();
      await eventually('the price has changed', async () =>
        (await price.textContent()) !== before ? true : undefined,
      );
    }
  });

  it('should show another symbol and interval when they are chosen', async () => {
    await page.getByRole('button', { name: /^ETHUSDT/ }).click();
    await page.getByRole('button', { name: '1h', exact: true }).click();
    await page.getByRole('img', { name: /1h candles of ETHUSDT/ }).waitFor();
    await page.getByRole('heading', { name: 'Coverage of ETHUSDT' }).waitFor();
  });

  it('should say of a day what became of its minutes', async () => {
    await page.getByRole('button', { name: /^2026-11-19: / }).click();
    await page
      .getByText(/Every minute of 2026-11-19 is there\.|to \d\d:\d\d/)
      .first()
      .waitFor();
  });

  it('should give addresses that answer', async () => {
    const address = String(await page.locator('.copy code').first().textContent());
    expect(address).toContain('symbol=ETHUSDT&interval=1h');
    expect((await getText(address)).split('\r\n')[0]).toMatch(/^symbol,interval,open_time,/);
  });

  it('should ask no other host, break no policy and log no error', () => {
    expect([...hosts]).toEqual([new URL(url).host]);
    expect(complaints).toEqual([]);
  });

  it.each([
    [1280, 'light'],
    [390, 'dark'],
  ] as const)(
    'should have no serious fault for whoever cannot see it or use a mouse, at %d px, %s',
    async (width, colorScheme) => {
      await page.setViewportSize({ width, height: 844 });
      await page.emulateMedia({ colorScheme });
      await page.evaluate(AXE);
      const { violations } = await page.evaluate<AxeResult>('axe.run()');
      expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth > document.documentElement.clientWidth',
      );
      expect(overflow).toBe(false);
    },
  );
});
