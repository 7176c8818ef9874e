import type { Browser } from 'playwright-core';
import { eventually, type ProcessGroup } from '../test/support/app-process';
import { chromiumPath, launchBrowser } from '../test/support/chromium';
import { getText } from '../test/support/http';
import { backfillDone, Installation } from './installation';
import { median } from './measure';
import type { Figure } from './report';
import { inNewFolder } from './workspace';

/**
 * Milliseconds from the begin of the navigation until the first candle is on the screen: the page of the built
 * standalone app, which goes on capturing eight symbols, in a Chromium that is running and has nothing of the page in
 * its cache. Browser, server and capture share the machine.
 */
const SYMBOLS = 'BTCUSDT,ETHUSDT,SOLUSDT,BNBUSDT,XRPUSDT,ADAUSDT,DOGEUSDT,PEPEUSDT';
const RUNS = 5;
const AT_MOST_MS = 1_000;

/**
 * In the page: notes the time of the frame after the one in which the chart has drawn a rectangle in the colour of candles,
 * rising or falling. Drawing is listened to, for reading pixels back would take longer than all that is measured.
 */
const WATCH = `
  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    return ['--up', '--down'].map((name) => style.getPropertyValue(name).trim());
  };
  const { fillRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillRect = function (...rectangle) {
    fillRect.apply(this, rectangle);
    if (!this.canvas.closest('.chart-area') || !colours().includes(this.fillStyle)) return;
    CanvasRenderingContext2D.prototype.fillRect = fillRect;
    requestAnimationFrame(() => {
      window.firstCandleAt = performance.now();
    });
  };
`;

async function firstCandle(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(WATCH);
    await page.goto(url);
    // Asked from outside: the content policy of the page allows no code that comes as text.
    const drawnAt = (): Promise<number | undefined> => page.evaluate<number | undefined>('window.firstCandleAt');
    return await eventually('the first candle is drawn', drawnAt, 30_000, 20);
  } finally {
    await context.close();
  }
}

export function benchPage(group: ProcessGroup, exchangeUrl: string): Promise<Figure[]> {
  if (chromiumPath === undefined) {
    console.log('page: skipped, no Chromium is there (package chromium)');
    return Promise.resolve([]);
  }
  return inNewFolder(async (folder) => {
    const installation = new Installation(group, folder, exchangeUrl, { SYMBOLS, BACKFILL_DAYS: '1' });
    const { process: app, url } = await installation.launch('standalone-app');
    await app.answers(`${url}/readyz`);
    await eventually('the first backfill is through', () => backfillDone(url), 600_000, 500);
    const kilobytes = Buffer.byteLength(await getText(`${url}/candles?symbol=BTCUSDT&last=300`)) / 1_000;
    const browser = await launchBrowser();
    try {
      const times: number[] = [];
      // The first run warms up and does not count.
      for (let run = 0; run <= RUNS; run += 1) times.push(await firstCandle(browser, `${url}/`));
      const counted = times.slice(1);
      return [
        {
          what: `page, from the navigation to the first candle (${kilobytes.toFixed(0)} kB of candles)`,
          value: `${median(counted).toFixed(0)} ms`,
          against: `slowest of ${RUNS}: ${Math.max(...counted).toFixed(0)} ms`,
          measure: median(counted),
          threshold: { atMost: AT_MOST_MS },
        },
      ];
    } finally {
      await browser.close();
    }
  });
}
