import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { eventually } from '../support/app-process';
import { describeInBrowser } from '../support/browser';
import { launchBrowser } from '../support/chromium';
import { BrowserTab } from '../support/browser-tab';
import { getCsv, getJson } from '../support/http';
import { describeRecordings, illiquidRows } from '../support/recordings';
import { marketAt, Stack } from '../support/stack';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** The exchange stood still on that day from 11:36 to 17:30. */
const RECORDED = { start: Date.parse('2020-02-18'), end: Date.parse('2020-02-21') };

/** A real stop of the exchange, as `make demo RECORDINGS=DIR` plays it. */
describeRecordings('the page on a recording', () => {
  describeInBrowser('in a browser', () => {
    const stack = new Stack({ SYMBOLS: 'AIONBTC', CLOCK: 'simulator', BACKFILL_DAYS: '3' });
    let browser: Browser;
    let url: string;
    /** The day of the stop, as it is played. */
    let date: string;

    beforeAll(async () => {
      const folder = join(stack.folder, 'recordings');
      mkdirSync(folder);
      const lines = illiquidRows('1m')
        .filter(([time]) => Number(time) >= RECORDED.start && Number(time) < RECORDED.end)
        .map(([time, open, high, low, close, volume]) => {
          const trades = Number(volume) === 0 ? 0 : 1;
          const closeTime = Number(time) + MINUTE_MS - 1;
          return [time, open, high, low, close, volume, closeTime, '0', trades, '0', '0', '0'].join(',');
        });
      writeFileSync(join(folder, 'AIONBTC-1m-2020-02.csv'), lines.join('\n'));
      await stack.startSimulator([
        ...['--recordings', folder, '--place', 'past'],
        ...['--clock-origin', marketAt(new Date('2026-11-20T12:00:30Z'))],
      ]);
      const { origin } = await getJson<{ origin: string }>(`${stack.exchangeUrl}/_simulator/origin`);
      const shift = Number(origin.split(':').at(-1)) * DAY_MS;
      date = new Date(Date.parse('2020-02-19') + shift).toISOString().slice(0, 10);
      await stack.start('standalone-app');
      url = `${await stack.urlOf('standalone-app')}/`;
      await eventually('the day of the stop is accounted for', async () => {
        const days = await getCsv(`${url}bi/data_quality.csv?symbol=AIONBTC&days=4`);
        const day = days.find((row) => row['date'] === date);
        return day?.['exchange_stop_minutes'] === '354' && day['missing_minutes'] === '0' ? true : undefined;
      });
      browser = await launchBrowser();
    });

    afterAll(async () => {
      await browser.close();
      await stack.close();
    });

    it('should show a stop of the exchange as a hole, with its reason two clicks away', async () => {
      const { page, complaints, close } = await BrowserTab.open(browser).then((tab) => ({
        page: tab.page,
        complaints: tab.complaints,
        close: () => tab.close(),
      }));
      await page.goto(url);
      await page.getByText('recorded files, played again').waitFor();
      await page.getByRole('button', { name: '15m', exact: true }).click();
      // The quarter of 11:30 has minutes; those from 11:45 to 17:30 have none.
      const hole = page.getByRole('listitem').filter({ hasText: `Empty from ${date} 11:45 to ${date} 17:30` });
      await hole.getByRole('button', { name: 'Why?' }).click();
      await page
        .locator('.day-answer')
        .getByText(/^11:36 to 17:30 the exchange stood still$/)
        .waitFor();
      expect(complaints).toEqual([]);
      await close();
    });

    it('should say the same of the day in the calendar', async () => {
      const tab = await BrowserTab.open(browser);
      await tab.page.goto(url);
      const day = tab.page.getByRole('button', { name: new RegExp(`^${date}: .*the exchange stood still for 354`) });
      expect(await day.getAttribute('class')).toContain('stopped');
      await day.click();
      await tab.page.locator('.day-answer').getByText('11:36 to 17:30').waitFor();
      await tab.close();
    });
  });
});
