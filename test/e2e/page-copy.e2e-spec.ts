import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { describeInBrowser } from '../support/browser';
import { launchBrowser } from '../support/chromium';
import { getCsv, getText } from '../support/http';
import { describePython, runPython } from '../support/python';
import { ServedMarket } from '../support/served-market';

const run = promisify(execFile);

/** What a page offers, in its order. */
const TOOLS = [
  'Address',
  'Google Sheets',
  'Excel, Power BI',
  'Looker Studio',
  'Grafana (Infinity, CSV)',
  'pandas',
  'polars',
  'DuckDB',
  'curl',
] as const;

/** The addresses in a text, with the variables of Grafana as it fills them in. */
function addressesIn(text: string): string[] {
  const filled = text.replace('${__from}', String(Date.parse('2026-11-19'))).replace('${__to}', '1795219200000');
  return filled.match(/https?:\/\/[^\s"']+/g) ?? [];
}

/** Whether brackets close in the order in which they were opened, outside of texts in double quotes. */
function isBalanced(text: string): boolean {
  const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
  const open: string[] = [];
  for (const character of text.replaceAll(/"(?:[^"]|"")*"/g, '""')) {
    const close = closing[character];
    if (close !== undefined) open.push(close);
    else if (')]}'.includes(character) && open.pop() !== character) return false;
  }
  return open.length === 0;
}

describeInBrowser('what the page gives to copy', () => {
  let market: ServedMarket;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const copied = new Map<string, string>();

  beforeAll(async () => {
    market = await ServedMarket.start();
    browser = await launchBrowser();
    context = await browser.newContext();
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: market.url });
    page = await context.newPage();
    await page.goto(`${market.url}/`);
    // The one whose name is not ASCII: its address is the hardest to hand over.
    await page.locator('[data-symbol="币安人生USDT"]').click();
    await page.getByRole('button', { name: '15m', exact: true }).click();
    for (const tool of TOOLS) {
      const line = page.locator('.copy dl > div').filter({ has: page.getByText(tool, { exact: true }) });
      await line.getByRole('button', { name: `Copy for ${tool}` }).click();
      await line.getByText('copied').waitFor();
      copied.set(tool, await page.evaluate<string>('navigator.clipboard.readText()'));
    }
  });

  afterAll(async () => {
    await browser.close();
    await market.close();
  });

  const text = (tool: (typeof TOOLS)[number]): string => copied.get(tool) ?? '';

  it('should be there for every tool', async () => {
    expect(await page.locator('.copy dt').allTextContents()).toEqual([...TOOLS]);
  });

  it.each(TOOLS)('should have an address that answers, for %s', async (tool) => {
    const addresses = addressesIn(text(tool));
    expect(addresses).toHaveLength(1);
    const [address = ''] = addresses;
    expect(address).toMatch(/^[ -~]+$/);
    const rows = await getCsv(address);
    expect(rows.length).toBeGreaterThan(100);
    expect(new Set(rows.map(({ symbol, interval }) => `${symbol} ${interval}`))).toEqual(new Set(['币安人生USDT 15m']));
  });

  it('should be a formula that a sheet takes, and a query that Excel and Power BI take', () => {
    expect(text('Google Sheets')).toMatch(/^=IMPORTDATA\("(?:[^"]|"")+"\)$/);
    expect(text('Excel, Power BI')).toMatch(
      /^let Source = Csv\.Document\(Web\.Contents\("(?:[^"]|"")+"\), \[.*\]\), Table = Table\.PromoteHeaders\(Source\) in Table$/,
    );
    expect(['Google Sheets', 'Excel, Power BI'].map((tool) => isBalanced(copied.get(tool) ?? ''))).toEqual([
      true,
      true,
    ]);
  });

  it('should be a command that a shell runs', async () => {
    const { stdout } = await run('sh', ['-c', text('curl')], { maxBuffer: 1_048_576 });
    expect(stdout).toBe(await getText(text('Address')));
  });

  describePython('in Python', () => {
    it('should be read to the same rows by pandas, polars and DuckDB, with every digit', async () => {
      const rows = await getCsv(text('Address'));
      const read = await runPython<Record<string, (readonly string[])[]>>('run_copied.py', [
        ...(['pandas', 'polars', 'DuckDB'] as const).map((tool) => text(tool)),
      ]);
      const expected = rows.map(({ open_time: time = '', close = '', volume = '' }) => [
        new Date(time).toISOString(),
        close,
        volume,
      ]);
      for (const tool of ['pandas', 'polars', 'duckdb']) expect([tool, read[tool]]).toEqual([tool, expected]);
    });
  });
});
