import type { Browser, BrowserContext } from 'playwright-core';
import { eventually, type AppProcess } from '../support/app-process';
import { describeInBrowser } from '../support/browser';
import { launchBrowser } from '../support/chromium';
import { BrowserTab } from '../support/browser-tab';
import { getText } from '../support/http';
import { ServedMarket } from '../support/served-market';

const KEY = 'csp_of-the-analyst-0123456789';
const WRONG_KEY = 'csp_of-nobody-0123456789';

/** What a browser says by itself of an answer with an error status. */
const REFUSED = /the server responded with a status of 401/;

describeInBrowser('the page of a service that wants a key', () => {
  let market: ServedMarket;
  let server: AppProcess;
  let url: string;
  let browser: Browser;
  let context: BrowserContext;
  let tab: BrowserTab;
  /** Whatever was asked with a key in its headers. */
  const keyed: string[] = [];

  const form = () => tab.page.locator('.key-form');
  const enter = async (key: string): Promise<void> => {
    await tab.page.getByLabel('Key').fill(key);
    await tab.page.getByRole('button', { name: 'Use it' }).click();
  };
  /** Routes that are closed without a key, of what was asked. */
  const closed = (): string[] =>
    tab.asked
      .map((address) => new URL(address).pathname)
      .filter((path) => path !== '/' && !path.startsWith('/assets/'));

  beforeAll(async () => {
    market = await ServedMarket.start();
    ({ url, process: server } = await market.server({
      REQUIRE_API_KEY: 'true',
      API_KEYS: `analyst:${KEY}`,
      LOG_LEVEL: 'trace',
    }));
    await market.resumeCapture();
    browser = await launchBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url });
    tab = BrowserTab.of(await context.newPage());
    tab.page.on('request', (request) => {
      if (request.headers()['x-api-key'] !== undefined) keyed.push(request.url());
    });
    await tab.page.goto(`${url}/`);
  });

  afterAll(async () => {
    await browser.close();
    await market.close();
  });

  it('should ask whoever has none for one, and show nothing', async () => {
    await form().waitFor();
    await tab.page.getByText('a key is needed', { exact: true }).waitFor();
    expect(await tab.page.getByRole('alert').count()).toBe(0);
    expect(await tab.page.locator('[data-symbol]').count()).toBe(0);
    expect(keyed).toEqual([]);
    // Each of them once: whoever has no key is not made to spend a budget.
    expect(new Set(closed()).size).toBe(closed().length);
  });

  it.each([WRONG_KEY, 'not a key', 'ключ'])('should say of %s that it does not hold, and ask again', async (key) => {
    await enter(key);
    await form().getByText('This key does not hold').waitFor();
    expect(await tab.page.getByLabel('Key').inputValue()).toBe(key);
    expect(await tab.page.getByLabel('Key').getAttribute('aria-invalid')).toBe('true');
    expect(await tab.page.evaluate('JSON.stringify(sessionStorage)')).toBe('{}');
    expect(await tab.page.locator('[data-symbol]').count()).toBe(0);
  });

  it('should show the market live with a key that holds, prices and candles as they come', async () => {
    await enter(KEY);
    await tab.page.getByRole('img', { name: /1m candles of BTCUSDT: 300 candles/ }).waitFor();
    await tab.page.getByRole('heading', { name: 'Coverage of BTCUSDT' }).waitFor();
    await tab.page.getByText('live', { exact: true }).waitFor();
    expect(await form().count()).toBe(0);
    const price = tab.page.locator('[data-symbol="BTCUSDT"] .price');
    const before = await price.textContent();
    await eventually('the price changes', async () => ((await price.textContent()) !== before ? true : undefined));
    expect(new Set(keyed.map((address) => new URL(address).pathname))).toEqual(
      new Set(['/symbols', '/bi/latest_prices.csv', '/candles', '/bi/data_quality.csv', '/health', '/stream/prices']),
    );
  });

  it('should give addresses to copy without the key, and say how a tool sends it', async () => {
    await tab.page.getByText('Your key is in none of these').waitFor();
    for (const line of await tab.page.locator('.copy dl > div').all()) {
      await line.getByRole('button').click();
      await line.getByText('copied').waitFor();
      expect(await tab.page.evaluate<string>('navigator.clipboard.readText()')).not.toMatch(/api_key|csp_/);
    }
    const address = String(await tab.page.locator('.copy dd code').first().textContent());
    expect(await getText(`${address}&api_key=${KEY}`)).toMatch(/^symbol,interval,/);
    const links = await tab.page.evaluate<string[]>("[...document.querySelectorAll('nav a')].map((link) => link.href)");
    expect(links).toEqual([`${url}/docs`]);
    await getText(`${url}/docs`);
  });

  it('should keep the key in its tab alone, until that is closed', async () => {
    await tab.page.reload();
    await tab.page.getByRole('img', { name: /1m candles of BTCUSDT: 300 candles/ }).waitFor();
    await tab.page.getByText('live', { exact: true }).waitFor();
    expect(await tab.page.evaluate('JSON.stringify(localStorage)')).toBe('{}');
    expect(await context.cookies()).toEqual([]);
    const other = BrowserTab.of(await context.newPage());
    await other.page.goto(`${url}/`);
    await other.page.locator('.key-form').waitFor();
    await other.close();
  });

  it('should have written the key into no address, no document and no log', async () => {
    expect(await tab.page.content()).not.toContain(KEY);
    expect(tab.asked.filter((address) => /csp_|api_key/.test(address))).toEqual([]);
    expect(tab.complaints.filter((complaint) => !REFUSED.test(complaint))).toEqual([]);
    await tab.close();
    await server.stop();
    expect(server.output).toContain('"route":"/stream/prices"');
    expect(server.output).not.toContain(KEY);
    expect(server.output).not.toContain(WRONG_KEY);
  });

  it('should ask again when the key holds no longer', async () => {
    const again = await market.server({ REQUIRE_API_KEY: 'true', API_KEYS: `analyst:${KEY}` });
    tab = BrowserTab.of(await context.newPage());
    await tab.page.goto(`${again.url}/`);
    await enter(KEY);
    await tab.page.getByText('live', { exact: true }).waitFor();
    await tab.page.route('**/health', (route) => route.fulfill({ status: 401, body: '{}' }));
    await form().getByText('This key does not hold').waitFor();
    await tab.page.getByText('a key is needed', { exact: true }).waitFor();
  });
});
