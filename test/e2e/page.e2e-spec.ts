import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { eventually } from '../support/app-process';
import { describeInBrowser } from '../support/browser';
import { launchBrowser } from '../support/chromium';
import { BrowserTab } from '../support/browser-tab';
import { getText } from '../support/http';
import { marketAt, Stack } from '../support/stack';

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly impact: string | null; readonly help: string }[];
}

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** Those of the demo. */
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'BNBUSDT', 'XRPUSDT', 'ADAUSDT', 'DOGEUSDT', 'PEPEUSDT'];
/** From 10:00 to 14:00 on every day: it stands still for as long as the tests run. */
const HALT = {
  kind: 'stop',
  symbol: 'ADAUSDT',
  start: '2026-11-01T10:00:00Z',
  end: '2026-11-01T14:00:00Z',
  days: 365,
};
const MOST_COMPRESSED_BYTES = 250_000;
/** Symbols, prices and candles, as they are sent. */
const MOST_DATA_BYTES = 40_000;

describeInBrowser('the page in a browser', () => {
  const stack = new Stack({
    SYMBOLS: SYMBOLS.join(','),
    CLOCK: 'simulator',
    POLL_INTERVAL_SECONDS: '5',
    BACKFILL_DAYS: '2',
  });
  let browser: Browser;
  let tab: BrowserTab;
  let page: Page;
  let url: string;

  const row = (symbol: string) => page.locator(`[data-symbol="${symbol}"]`);
  const openStreams = async (): Promise<number> =>
    Number(/^csp_stream_readers(?:\{.*\})? (\d+)/m.exec(await getText(`${url}metrics`))?.[1]);

  beforeAll(async () => {
    await stack.startSimulator([
      ...['--clock-origin', marketAt(new Date('2026-11-20T12:00:30Z')), '--clock-factor', '10'],
      ...['--faults', JSON.stringify([HALT])],
    ]);
    await stack.start('standalone-app');
    url = `${await stack.urlOf('standalone-app')}/`;
    await eventually('days are stored', async () => {
      const counts = await Promise.all(
        SYMBOLS.map(async (symbol) => (await getText(`${url}bi/daily_ohlc.csv?symbol=${symbol}&days=2`)).split('\r\n')),
      );
      return counts.every((lines) => lines.length > 3) ? true : undefined;
    });
    browser = await launchBrowser();
    tab = await BrowserTab.open(browser);
    ({ page } = tab);
    await page.goto(url);
  });

  afterAll(async () => {
    await browser.close();
    await stack.close();
  });

  it('should show every symbol with its price, its change and its age, and the candles of the first', async () => {
    for (const symbol of SYMBOLS) {
      await row(symbol).waitFor();
      expect(await row(symbol).textContent()).toMatch(/^[A-Z]+\d+\.\d{8}[+-]?\d+\.\d+ %\d+ (s|min)$/);
    }
    await page.locator('.chart-area canvas').first().waitFor();
    await page.getByRole('img', { name: /1m candles of BTCUSDT: 300 candles/ }).waitFor();
    expect(await page.locator('.reading').textContent()).toMatch(/open \d+\.\d{8} high/);
    await page.getByText('simulated exchange: these prices are made up').waitFor();
    await page.getByText('recorder ok', { exact: true }).waitFor();
  });

  it('should show the digits that the service gives', async () => {
    const price = await page.locator('.price-now').textContent();
    expect(price).toMatch(/^\d+\.\d{8}$/);
    expect(await page.locator('.reading').textContent()).toMatch(/ volume \d+\.\d{8}/);
  });

  it('should change the price of each symbol as it comes, but of the one that stands still', async () => {
    for (const symbol of SYMBOLS.filter((name) => name !== HALT.symbol)) {
      const price = row(symbol).locator('.price');
      const before = await price.textContent();
      await eventually(`the price of ${symbol} has changed`, async () =>
        (await price.textContent()) !== before ? true : undefined,
      );
    }
  });

  it('should say of a symbol that the exchange does not trade it, and leave its minutes empty up to now', async () => {
    expect(await row(HALT.symbol).locator('em').textContent()).toMatch(/^[A-Z]+$/);
    await row(HALT.symbol).click();
    await page.getByText(/^[A-Z]+: the exchange does not trade it at present$/).waitFor();
    await page
      .getByRole('list', { name: 'Empty places of the chart' })
      .getByText(/^Empty from 2026-11-20 10:00 to 2026-11-20 1[2-4]:\d\d/)
      .waitFor();
  });

  it('should tell why a place is empty within two clicks', async () => {
    await page.getByRole('button', { name: '15m', exact: true }).click();
    await page.getByRole('listitem').filter({ hasText: 'Empty from 2026-11-19 10:00 to 2026-11-19 14:00' }).waitFor();
    await page
      .getByRole('listitem')
      .filter({ hasText: 'Empty from 2026-11-19 10:00' })
      .getByRole('button', { name: 'Why?' })
      .click();
    await page
      .locator('.day-answer')
      .getByText(/^10:00 to 14:00 the exchange stood still$/)
      .waitFor();
    expect(await page.getByRole('button', { name: /^2026-11-19: .* stood still for 240/ }).count()).toBe(1);
  });

  it('should show another symbol and interval when they are chosen', async () => {
    await row('ETHUSDT').click();
    await page.getByRole('button', { name: '1h', exact: true }).click();
    await page.getByRole('img', { name: /1h candles of ETHUSDT/ }).waitFor();
    await page.getByRole('heading', { name: 'Coverage of ETHUSDT' }).waitFor();
  });

  it('should say of a day what became of its minutes', async () => {
    await page.getByRole('button', { name: /^2026-11-19: / }).click();
    await page.getByText('Every minute of 2026-11-19 is there.').waitFor();
  });

  it('should be used by keys alone: symbols, intervals, candles, days', async () => {
    await row('ETHUSDT').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'PEPEUSDT', exact: true }).waitFor();
    await page.keyboard.press('End');
    await eventually('the last symbol has the focus', async () =>
      (await page.evaluate('document.activeElement.dataset.symbol')) === 'XRPUSDT' ? true : undefined,
    );
    // Tab leaves the list, for there is one stop in it.
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('1m');
    await page.keyboard.press('Space');
    await page.getByRole('img', { name: /1m candles of PEPEUSDT: 300 candles/ }).waitFor();
    const slider = page.getByRole('slider', { name: 'Step through the candles' });
    await slider.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    const stepped = await slider.getAttribute('aria-valuetext');
    expect(await page.locator('.reading time').textContent()).toBe(stepped);
    await page.locator('.weeks [tabindex="0"]').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByText('Every minute of 2026-11-19 is there.').waitFor();
  });

  it('should have one stream, close it while the tab is hidden, and open it again', async () => {
    const setHidden = (hidden: boolean): Promise<unknown> =>
      page.evaluate(
        `Object.defineProperty(document, 'hidden', { get: () => ${hidden}, configurable: true });` +
          "document.dispatchEvent(new Event('visibilitychange'));",
      );
    expect(await openStreams()).toBe(1);
    await setHidden(true);
    await eventually('the stream is closed', async () => ((await openStreams()) === 0 ? true : undefined));
    await setHidden(false);
    await eventually('it is open again', async () => ((await openStreams()) === 1 ? true : undefined));
    const price = row('BTCUSDT').locator('.price');
    const before = await price.textContent();
    await eventually('prices go on', async () => ((await price.textContent()) !== before ? true : undefined));
  });

  it('should ask no other host, break no policy and log no error', () => {
    expect(new Set(tab.asked.map((address) => new URL(address).host))).toEqual(new Set([new URL(url).host]));
    expect(tab.complaints).toEqual([]);
  });

  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
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

  it('should need four rounds of requests, its document included, and little data until its first candle', async () => {
    const fresh = await BrowserTab.open(browser);
    const needed = ['/', '/assets/page.js', '/assets/page.css', '/symbols', '/bi/latest_prices.csv', '/candles'];
    const nameOf = (address: string): string => new URL(address).pathname.replace(/-[0-9a-f]{12}\./, '.');
    /** Of each request the number of rounds up to its own: one more than any whose answer had begun when it was sent. */
    const rounds = new Map<string, number>();
    let answered = 0;
    const sizes: Promise<readonly [name: string, bytes: number]>[] = [];
    fresh.page.on('request', (request) => {
      const name = nameOf(request.url());
      if (needed.includes(name) && !rounds.has(name)) rounds.set(name, answered + 1);
    });
    fresh.page.on('response', (response) => {
      answered = Math.max(answered, rounds.get(nameOf(response.url())) ?? 0);
    });
    fresh.page.on('requestfinished', (request) => {
      const name = nameOf(request.url());
      if (needed.includes(name)) sizes.push(request.sizes().then((size) => [name, size.responseBodySize] as const));
    });
    // Whatever else the page asks for stays without an answer: its first candle does not wait for it.
    await fresh.page.route(/\/(?:health|stream\/prices|coverage\?.*|bi\/data_quality\.csv\?.*)$/, () => undefined);
    await fresh.page.goto(url);
    await fresh.page.getByRole('img', { name: /1m candles of BTCUSDT: 300 candles/ }).waitFor();
    expect(Object.fromEntries(rounds)).toEqual({
      '/': 1,
      '/assets/page.js': 2,
      '/assets/page.css': 2,
      '/symbols': 3,
      '/bi/latest_prices.csv': 3,
      '/candles': 4,
    });
    // The first of each: what the page asks for again, seconds later, is not waited for.
    const bytes = new Map((await Promise.all(sizes)).reverse());
    const sum = (names: readonly string[]): number =>
      names.reduce((total, name) => total + (bytes.get(name) ?? NaN), 0);
    expect(sum(needed.slice(0, 3))).toBeLessThan(MOST_COMPRESSED_BYTES);
    expect(sum(needed.slice(3))).toBeLessThan(MOST_DATA_BYTES);
    await fresh.close();
  });

  it('should open the stream again by itself after an error status', async () => {
    const other = await BrowserTab.open(browser);
    let refused = 0;
    await other.page.route('**/stream/prices', async (route) => {
      refused += 1;
      if (refused > 2) await route.continue();
      else await route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"detail":"full"}' });
    });
    await other.page.goto(url);
    await other.page.getByText('live', { exact: true }).waitFor();
    expect(refused).toBe(3);
    await other.close();
  });

  it('should say in words what is degraded, and when the service does not answer', async () => {
    const other = await BrowserTab.open(browser);
    await stack.setFaults([HALT, { kind: 'status', route: '*', status: 503 }]);
    await other.page.goto(url);
    await other.page.getByText('recorder degraded', { exact: true }).waitFor();
    await other.page.getByText('The recorder is degraded:').waitFor();
    expect(await other.page.locator('.health li').first().textContent()).toMatch(/\w+: \w+/);
    await other.page.route('**/health', (route) => route.abort());
    await other.page.getByText('no answer from the recorder', { exact: true }).waitFor();
    await other.close();
  });
});
