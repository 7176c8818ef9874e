import type { Browser, Page } from 'playwright-core';
import { describeInBrowser } from '../support/browser';
import { launchBrowser } from '../support/chromium';
import { BrowserTab } from '../support/browser-tab';
import { ServedMarket } from '../support/served-market';

const COUNT = 1_500;
const NAMES = Array.from({ length: COUNT }, (_, index) => `COIN${String(index).padStart(4, '0')}USDT`);
const LIST = "document.querySelector('.symbol-rows')";
/** A screen of rows and some around it. */
const MOST_ROWS_DRAWN = 60;

const at = new Date().toISOString();
const SYMBOLS = NAMES.map((symbol) => ({
  symbol,
  status: 'TRADING',
  first_date: '2026-01-01',
  coverage_pct: '100.00',
}));
const LATEST = [
  'symbol,timestamp_utc,last_price,price_change_percent',
  ...NAMES.map((symbol) => `${symbol},${at},1.00000000,0.500`),
];
const priceEvent = (symbol: string, index: number): string =>
  `id: ${index}\nevent: price\ndata: ${JSON.stringify({
    timestamp_utc: new Date(Date.now() + 1_000).toISOString(),
    symbol,
    lastPrice: '2.00000000',
    priceChangePercent: '0.500',
  })}\n\n`;

interface Box {
  readonly top: number;
  readonly bottom: number;
}

/** A whole market, put into the answers that the page reads: the simulated exchange has fewer symbols. */
describeInBrowser('the page with 1,500 symbols', () => {
  let market: ServedMarket;
  let browser: Browser;
  let tab: BrowserTab;
  let page: Page;

  const drawnRows = (): Promise<string[]> => page.locator('.symbol-rows [data-symbol]').allTextContents();

  beforeAll(async () => {
    market = await ServedMarket.start();
    browser = await launchBrowser();
    tab = await BrowserTab.open(browser);
    ({ page } = tab);
    await page.route('**/symbols?*', (route) =>
      route.fulfill({ json: { data: SYMBOLS, next_cursor: null, next_url: null } }),
    );
    await page.route('**/bi/latest_prices.csv', (route) =>
      route.fulfill({ contentType: 'text/csv', body: `${LATEST.join('\r\n')}\r\n` }),
    );
    await page.route('**/candles?*', (route) =>
      route.fulfill({ json: { data: [], next_cursor: null, next_url: null } }),
    );
    await page.route('**/bi/data_quality.csv?*', (route) =>
      route.fulfill({ contentType: 'text/csv', body: 'date\r\n' }),
    );
    await page.route('**/stream/prices', (route) =>
      route.fulfill({ contentType: 'text/event-stream', body: NAMES.map(priceEvent).join('') }),
    );
    await page.goto(`${market.url}/`);
    await page.getByRole('heading', { name: '1500 symbols' }).waitFor();
  });

  afterAll(async () => {
    await browser.close();
    await market.close();
  });

  it('should draw what is on the screen alone, wherever it is scrolled to', async () => {
    const height = await page.evaluate<number>(`${LIST}.scrollHeight`);
    expect(height).toBeGreaterThan(COUNT * 40);
    for (let top = 0; top <= height; top += Math.floor(height / 25)) {
      await page.evaluate(`${LIST}.scrollTop = ${top}`);
      // The frame after the one that it was scrolled in.
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
      const [list, ...rows] = await page.evaluate<Box[]>(
        `[${LIST}, ...document.querySelectorAll('.symbol-rows [data-symbol]')].map((one) => one.getBoundingClientRect().toJSON())`,
      );
      expect(rows.length).toBeLessThan(MOST_ROWS_DRAWN);
      // No empty edge: the rows reach from the upper to the lower one, but for the space around each.
      const above = Math.min(...rows.map((row) => row.top)) - (list?.top ?? NaN);
      const below = (list?.bottom ?? NaN) - Math.max(...rows.map((row) => row.bottom));
      expect(Math.max(above, below)).toBeLessThan(8);
    }
  });

  it('should take a price of each at once', async () => {
    await page.evaluate(`${LIST}.scrollTop = 0`);
    for (const name of [NAMES[0] ?? '', NAMES.at(-1) ?? '']) {
      await page.getByRole('searchbox').fill(name);
      await page.locator(`[data-symbol="${name}"] .price`, { hasText: '2.00000000' }).waitFor();
    }
    await page.getByRole('searchbox').fill('');
  });

  it('should lead to the last symbol by one key, and find one by a part of its name', async () => {
    await page.locator('.symbol-rows [tabindex="0"]').focus();
    await page.keyboard.press('End');
    const last = page.locator(`[data-symbol="${NAMES.at(-1)}"]`);
    await last.waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: NAMES.at(-1) ?? '', exact: true }).waitFor();
    await page.getByText(`No candle of ${NAMES.at(-1)} is stored yet.`).waitFor();
    await page.getByRole('searchbox').fill('coin0777');
    expect(await drawnRows()).toHaveLength(1);
    await page.getByRole('searchbox').fill('nothing like it');
    await page.getByText('No symbol has "nothing like it" in its name.').waitFor();
    expect(tab.complaints).toEqual([]);
  });
});
