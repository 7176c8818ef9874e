import type { Browser, Page } from 'playwright-core';
import { eventually } from '../support/app-process';
import { describeInBrowser } from '../support/browser';
import { launchBrowser } from '../support/chromium';
import { getText } from '../support/http';
import { PrefixProxy } from '../support/prefix-proxy';
import { ServedMarket } from '../support/served-market';

interface Way {
  readonly name: string;
  readonly prefix: string;
  /** How the page is opened: what visitors type, behind the origin. */
  readonly opened: string;
  readonly header?: 'handed on' | 'set' | 'added';
  readonly settings: (publicUrl: string) => Readonly<Record<string, string>>;
}

const WAYS: readonly Way[] = [
  { name: 'at the root', prefix: '', opened: '/', settings: () => ({}) },
  { name: 'below a path that nobody told the service', prefix: '/market', opened: '/market/', settings: () => ({}) },
  {
    name: 'below the path of PUBLIC_URL',
    prefix: '/a/market',
    opened: '/a/market/?from=mail#top',
    settings: (url) => ({ PUBLIC_URL: url }),
  },
  {
    name: 'below the path that a trusted proxy tells, opened without the slash at its end',
    prefix: '/market',
    opened: '/market',
    header: 'added',
    settings: () => ({ TRUST_PROXY_HOPS: '1' }),
  },
  {
    name: 'below the path of PUBLIC_URL, opened without the slash at its end through a proxy that tells its path',
    prefix: '/b%C3%B6rse/1.0',
    opened: '/b%C3%B6rse/1.0',
    header: 'set',
    settings: (url) => ({ PUBLIC_URL: url, TRUST_PROXY_HOPS: '1' }),
  },
];

describeInBrowser('the page below a path, in a browser', () => {
  let market: ServedMarket;
  let browser: Browser;

  beforeAll(async () => {
    market = await ServedMarket.start();
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await market.close();
  });

  /** A tab, what it complains of, and what it asks for. */
  const openTab = async (): Promise<{ page: Page; complaints: string[]; asked: string[] }> => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const complaints: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => asked.push(request.url()));
    return { page, complaints, asked };
  };

  const showsMarket = async (page: Page): Promise<void> => {
    await page.getByRole('button', { name: /^BTCUSDT/ }).waitFor();
    await page.getByRole('img', { name: /1m candles of BTCUSDT: 300 candles/ }).waitFor();
    await page.getByRole('heading', { name: 'Coverage of BTCUSDT' }).waitFor();
    await page.getByText('live', { exact: true }).waitFor();
  };

  describe.each(WAYS)('$name', ({ prefix, opened, header = 'handed on', settings }) => {
    let proxy: PrefixProxy;
    let url: string;

    beforeAll(async () => {
      proxy = await PrefixProxy.start({ prefix, header });
      url = `${proxy.origin}${prefix}`;
      proxy.target = await market.serveWith(settings(url));
    });

    afterAll(async () => {
      await proxy.close();
    });

    it('should show the market, ask nothing outside of the path, and give addresses that answer', async () => {
      const { page, complaints, asked } = await openTab();
      await page.goto(`${proxy.origin}${opened}`);
      await showsMarket(page);
      const address = String(await page.locator('.copy code').first().textContent());
      expect(address).toContain(`${url}/candles?symbol=BTCUSDT`);
      expect((await getText(address)).split('\r\n')[0]).toMatch(/^symbol,interval,open_time,/);
      const links = await page.evaluate<string[]>(
        "[...document.querySelectorAll('nav a, .copy a')].map((link) => link.href)",
      );
      expect(links.length).toBe(5);
      for (const href of links) {
        expect(href).toMatch(new RegExp(`^${url.replaceAll('.', '\\.')}/`));
        await getText(href);
      }
      await page.close();
      expect(asked.filter((one) => one !== `${proxy.origin}${opened}` && !one.startsWith(`${url}/`))).toEqual([]);
      expect([proxy.strays, complaints]).toEqual([[], []]);
    });

    it.each(['/docs', '/docs/'])('should let routes be tried out at %s', async (docs) => {
      const { page, complaints, asked } = await openTab();
      await page.goto(`${url}${docs}`);
      await page.locator('[id$="-listSymbols"], [id$="-getSymbols"]').first().locator('button').first().click();
      await page.getByRole('button', { name: 'Try it out' }).click();
      await page.getByRole('button', { name: 'Execute' }).click();
      const tried = await eventually('the route was asked', () =>
        Promise.resolve(asked.find((one) => one.includes('/symbols?'))),
      );
      expect(tried).toContain(`${url}/symbols?`);
      await page.locator('.live-responses-table .response-col_status', { hasText: '200' }).first().waitFor();
      await page.close();
      expect(asked.filter((one) => one.startsWith('http') && !one.startsWith(`${url}/`))).toEqual([]);
      expect([proxy.strays, complaints]).toEqual([[], []]);
    });
  });

  it('should show the market to whoever comes past the proxy, too', async () => {
    const direct = await market.serveWith({ PUBLIC_URL: 'https://example.com/market', TRUST_PROXY_HOPS: '1' });
    const { page, complaints, asked } = await openTab();
    await page.goto(`${direct}/`);
    await showsMarket(page);
    await page.close();
    expect(asked.filter((one) => !one.startsWith(`${direct}/`))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
