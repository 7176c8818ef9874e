import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessGroup } from '../test/support/app-process';
import { getCsv } from '../test/support/http';
import { backfillDone, Installation } from './installation';
import { tradingSymbols } from './market-run';
import { median } from './measure';
import type { Figure } from './report';
import { inNewFolder } from './workspace';

/**
 * Resident memory of the standalone app with 50 symbols: while it fetches a day of their minutes, and over 60 polls that
 * follow each other within a second.
 *
 * Limit: 200 MB, which leaves room beside the operating system on the smallest hosts (512 MB).
 */
const SYMBOLS = 50;
const POLLS = 60;
const AT_MOST_MB = 200;
const SAMPLE_EVERY_MS = 1_000;

async function residentMegabytes(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const bytes = /^process_resident_memory_bytes(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1];
  if (bytes === undefined) throw new Error(`${url}/metrics does not say the resident memory`);
  return Number(bytes) / 1e6;
}

export function benchMemory(group: ProcessGroup, exchangeUrl: string): Promise<Figure[]> {
  return inNewFolder(async (folder) => {
    const symbols = await tradingSymbols(exchangeUrl, SYMBOLS);
    const installation = new Installation(group, folder, exchangeUrl, {
      SYMBOLS: symbols.join(','),
      POLL_INTERVAL_SECONDS: '1',
      BACKFILL_DAYS: '1',
    });
    const { process: app, url } = await installation.launch('standalone-app');
    await app.answers(`${url}/readyz`);
    const filling: number[] = [];
    while (!(await backfillDone(url))) {
      filling.push(await residentMegabytes(url));
      await delay(SAMPLE_EVERY_MS);
    }
    const polling: number[] = [];
    for (let poll = 0; poll < POLLS; poll += 1) {
      await delay(SAMPLE_EVERY_MS);
      polling.push(await residentMegabytes(url));
    }
    const polled = (await getCsv(`${url}/bi/latest_prices.csv`)).length;
    if (polled !== SYMBOLS) throw new Error(`${polled} symbols were polled, not ${SYMBOLS}`);
    await app.stop();
    const highest = Math.max(...filling, ...polling);
    return [
      {
        what: `resident memory, standalone app, ${SYMBOLS} symbols polled`,
        value: `highest ${highest.toFixed(0)} MB, while polling ${median(polling).toFixed(0)} MB`,
        against: '',
        measure: highest,
        threshold: { atMost: AT_MOST_MB },
      },
    ];
  });
}
